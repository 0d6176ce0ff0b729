import { z } from 'zod';
import { settings } from './settings.ts';

/** Money in a file: a number or decimal text, US dollars. */
const usd = z.union([
  z.number().nonnegative(),
  z.string().regex(/^\d+(\.\d+)?$/, 'must be a decimal'),
]);
const ms = z.number().int().min(1).max(86_400_000);
const name = z
  .string()
  .regex(/^[a-z0-9][a-z0-9._-]{0,62}$/, 'must be lower-case letters, digits, ".", "_" or "-"');

const DEFAULT_PROVIDER = 'openai-compatible';

const credential = z.strictObject({
  name: name.describe('Unique within its pool; shown in records, logs and metrics.'),
  provider: z
    .string()
    .default(DEFAULT_PROVIDER)
    .describe('`openai`, `vercel` or `openai-compatible`.'),
  api_key: z
    .string()
    .min(1)
    .describe('The secret, or `os.environ/NAME` to take it from the environment.'),
  base_url: z
    .url({ protocol: /^https?$/ })
    .optional()
    .describe(
      "Where the provider's `/v1` is; each provider but `openai-compatible` has a default.",
    ),
});

const timeouts = z
  .strictObject({
    connect_ms: ms.default(5000).describe('To open a connection.'),
    first_byte_ms: ms.default(60_000).describe('Request sent to first byte of the answer.'),
    idle_ms: ms.default(60_000).describe('Between two pieces of an answer.'),
    total_ms: ms.default(600_000).describe('The whole call, every attempt included.'),
  })
  .prefault({});

const pool = z.strictObject({
  name: name.describe('Unique.'),
  strategy: z.string().default('round_robin').describe('`round_robin` or `balance_weighted`.'),
  attempts_max: z
    .number()
    .int()
    .min(1)
    .max(10)
    .default(3)
    .describe('Upstream calls at most for one client call.'),
  passthrough: z
    .boolean()
    .default(false)
    .describe('Send unknown `/v1` paths upstream (recorded as unpriced) instead of answering 404.'),
  unpriced: z
    .enum(['refuse', 'record'])
    .default('record')
    .describe('A model without a price: refuse the call, or serve it and record it as unpriced.'),
  min_credit: usd
    .default('0.01')
    .describe('`balance_weighted` skips credentials at or below this balance (USD).'),
  timeouts,
  credentials: z.array(credential).min(1),
});

const price = z.strictObject({
  provider: z.string().default('*').describe('Provider the price is for; `*` is any.'),
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
  pools: z.array(pool).default([]),
  prices: z.array(price).default([]),
});

export type PoolConfig = z.output<typeof pool>;
export type PriceConfig = z.output<typeof price>;

const looseText = z.string().optional().catch(undefined);

/** As much of a file as can be read of one that has mistakes. Never fails. */
export const looseSchema = z
  .object({
    server: z.record(z.string(), z.unknown()).default({}).catch({}),
    pools: z
      .array(
        z.object({
          name: looseText,
          strategy: looseText,
          credentials: z
            .array(
              z.object({
                name: looseText,
                provider: z.preprocess((value) => value ?? DEFAULT_PROVIDER, looseText),
                api_key: looseText,
                base_url: looseText,
              }),
            )
            .catch([]),
        }),
      )
      .catch([]),
  })
  .catch({ server: {}, pools: [] });

export type LoosePool = z.output<typeof looseSchema>['pools'][number];
