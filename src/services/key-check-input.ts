import { isIP } from 'node:net';
import { z } from 'zod';
import { AMOUNT_NANO_MAX } from '../accounting/ledger/apply.ts';
import { keyRef } from './key-ref.ts';
import { count, int64 } from './proto-fields.ts';

const QUESTIONS_MAX = 100;
const NAME_CHARS_MAX = 256;
/** No limit allows more in a minute. */
export const TOKENS_MAX = 1_000_000_000;

/** Empty: not judged. */
const name = z.string().max(NAME_CHARS_MAX).default('');

/** What is to be judged, by the names that messages have. */
export const checkInput = z.strictObject({
  key: keyRef,
  model: name,
  endpoint: name,
  source_address: z
    .string()
    .refine((text) => text === '' || isIP(text) !== 0, 'must be an IP address')
    .default(''),
  /** What costs nobody knows how much is refused where nothing is left, as on `/v1`. */
  estimate_nano_usd: int64(0n, AMOUNT_NANO_MAX).default(1n),
  estimate_tokens: count(TOKENS_MAX).default(0),
});

export const checksInput = z.strictObject({
  requests: z.array(checkInput).min(1).max(QUESTIONS_MAX),
});

export const namedKeyInput = z.strictObject({ key: keyRef });

export type CheckInput = z.input<typeof checkInput>;
export type ChecksInput = z.input<typeof checksInput>;
export type NamedKeyInput = z.input<typeof namedKeyInput>;
export type Check = z.output<typeof checkInput>;
