import { z } from 'zod';
import { usd } from './fields.ts';
import { poolSchema } from './pool-schema.ts';
import { settings } from './settings.ts';

const price = z.strictObject({
  provider: z
    .string()
    .default('*')
    .describe(
      'Provider the price is for, as credentials name it; or the price list that it goes by, `openai` for `openai-compatible` and `x-ai` for `xai`, which comes second; `*`, the last, is any.',
    ),
  model: z.string().min(1).describe('Model name as the upstream knows it.'),
  valid_from: z.iso.datetime({ offset: true }).optional().describe('Holds from then on.'),
  input: usd.optional().describe('USD per million tokens, as are the next six.'),
  cache_read: usd.optional(),
  cache_write: usd.optional(),
  output: usd.optional(),
  reasoning: usd.optional(),
  input_audio: usd.optional(),
  output_audio: usd.optional(),
  image: usd.optional().describe('USD per image.'),
  audio_minute: usd.optional().describe('USD per minute of audio.'),
  request: usd.optional().describe('USD per request.'),
});

const server = z.strictObject(
  Object.fromEntries(
    Object.values(settings).flatMap((row) =>
      'yaml' in row ? [[row.yaml, z.unknown().optional()] as const] : [],
    ),
  ),
);

/** `tollgate.yaml`. Unknown fields are errors: a misspelt limit must not be silently ignored. */
export const fileSchema = z.strictObject({
  server: server.prefault({}),
  pools: z.array(poolSchema).prefault([]),
  prices: z.array(price).default([]),
});

export type PoolConfig = z.output<typeof poolSchema>;
export type PriceConfig = z.output<typeof price>;
