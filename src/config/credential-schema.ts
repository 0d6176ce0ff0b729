import { z } from 'zod';
import { limit, modelPattern, name } from './fields.ts';

export const DEFAULT_PROVIDER = 'openai-compatible';

/** One provider secret of a pool. */
export const credential = z.strictObject({
  name: name.describe('Unique within its pool; shown in records, logs and metrics.'),
  provider: z
    .string()
    .default(DEFAULT_PROVIDER)
    .describe(
      '`openai`, `vercel`, `google`, `xai`, `gigachat`, `perplexity` or `openai-compatible`.',
    ),
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
  weight: z
    .number()
    .int()
    .min(1)
    .max(1_000_000)
    .default(1)
    .describe('Share of the calls under `weighted`.'),
  priority: z
    .number()
    .int()
    .min(1)
    .max(1_000_000)
    .default(1)
    .describe('Tier under `priority`: lower ones serve first.'),
  rpm: limit.describe('Requests in any 60 s; absent, -1 or 0: no limit.'),
  tpm: limit.describe('Tokens in any 60 s; absent, -1 or 0: no limit.'),
  models: z
    .array(modelPattern)
    .min(1)
    .optional()
    .describe(
      'Upstream models it serves, `*` stands for any text. Absent: those its provider lists.',
    ),
});
