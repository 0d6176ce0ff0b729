import { z } from 'zod';
import { limit, modelPattern } from './fields.ts';

/** What the gateway itself goes by. */
const RESERVED = new Set(['model', 'stream']);

/** What a pool does with the models of a name. */
export const modelRule = z
  .strictObject({
    name: modelPattern.describe('As clients say it; a `*` stands for any text.'),
    upstream: modelPattern
      .optional()
      .describe("Name sent upstream; each `*` is what the name's stood for. Absent: as asked."),
    set: z
      .record(z.string(), z.unknown())
      .refine((body) => !Object.keys(body).some((field) => RESERVED.has(field)), {
        error: `must not set ${[...RESERVED].join(' or ')}`,
      })
      .optional()
      .describe('Fields set at the top of the body of a renamed call.'),
    credentials: z
      .array(z.string())
      .optional()
      .describe('Only these credentials of the pool serve it; `[]`: nobody, the model is unknown.'),
    provider: z.string().optional().describe('Only credentials of this provider serve it.'),
    list: z
      .boolean()
      .default(false)
      .describe("`GET /v1/models` shows the models of a `*` under the rule's name."),
    rpm: limit.describe('Requests in any 60 s for each upstream model, in the whole pool.'),
    tpm: limit.describe('Tokens likewise.'),
  })
  .refine((rule) => rule.set === undefined || rule.upstream !== undefined, {
    path: ['set'],
    error: 'needs upstream: only renamed calls are changed',
    // Also where other fields are wrong, so that all mistakes come at once.
    when: () => true,
  });
