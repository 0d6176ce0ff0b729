import { z } from 'zod';
import { DEFAULT_PROVIDER } from './credential-schema.ts';
import { withPreset } from './pool-presets.ts';

const text = z.string().optional().catch(undefined);

const rule = z
  .object({
    name: text,
    upstream: text,
    provider: text,
    credentials: z.array(z.string()).optional().catch(undefined),
  })
  .catch({});

const credential = z
  .object({
    name: text,
    provider: z.preprocess((value) => value ?? DEFAULT_PROVIDER, text),
    api_key: text,
    base_url: text,
  })
  .catch({ provider: undefined });

const pool = z
  .preprocess(
    withPreset,
    z.object({
      name: text,
      strategy: text,
      models: z.array(rule).catch([]),
      credentials: z.array(credential).catch([]),
    }),
  )
  .catch({ models: [], credentials: [] });

const price = z.object({ provider: text }).catch({});

/** As much of a file as can be read of one that has mistakes. Never fails. */
export const looseSchema = z
  .object({
    server: z.record(z.string(), z.unknown()).default({}).catch({}),
    pools: z.array(pool).catch([]),
    prices: z.array(price).catch([]),
  })
  .catch({ server: {}, pools: [], prices: [] });

export type LooseFile = z.output<typeof looseSchema>;

/** A pool with its preset applied. */
export type LoosePool = z.output<typeof pool>;
