import { z } from 'zod';
import { CHARGE_NANO_MAX } from '../accounting/remote/charge.ts';
import { isLately, NOT_LATELY } from '../accounting/remote/recordings.ts';
import type { Usage } from '../entities/usage.ts';
import { keyRef } from './key-ref.ts';
import { count, duration, int64, timestamp } from './proto-fields.ts';

/** No call uses so much, and sums over millions of them stay within the integers of the store. */
const UNITS_MAX = 1_000_000_000_000;
export const ID_CHARS_MAX = 128;
const PROVIDER_CHARS_MAX = 64;
const MODEL_CHARS_MAX = 256;
const SECOND_MS = 1000;
const MINUTE_MS = 60 * SECOND_MS;
const DAY_MS = 86_400_000;
const EXPIRES_MS = 10 * MINUTE_MS;
/** What calls of other services are made at, unless they say it. */
export const EXTERNAL = 'external';

const nano = int64(0n, CHARGE_NANO_MAX);
const units = count(UNITS_MAX).default(0);

/** By the names that messages have. */
const usage = z
  .strictObject({
    input: units,
    cache_read: units,
    cache_write: units,
    output: units,
    reasoning: units,
    input_audio: units,
    cache_read_audio: units,
    output_audio: units,
    images: units,
    audio_millis: units,
    requests: units,
  })
  .transform((given): Usage => ({
    input: given.input,
    cacheRead: given.cache_read,
    cacheWrite: given.cache_write,
    output: given.output,
    reasoning: given.reasoning,
    inputAudio: given.input_audio,
    cacheReadAudio: given.cache_read_audio,
    outputAudio: given.output_audio,
    images: given.images,
    audioMillis: given.audio_millis,
    requests: given.requests,
  }));

const plain = (max: number) =>
  z
    .string()
    .max(max)
    .regex(/^\P{Cc}*$/u, 'must not have control characters');

const call = {
  idempotency_id: z.string().min(1).max(ID_CHARS_MAX),
  key: keyRef,
  /** Empty: not said. */
  provider: plain(PROVIDER_CHARS_MAX).default(''),
  model: plain(MODEL_CHARS_MAX).min(1),
  endpoint: z
    .string()
    .regex(/^[\w.:/*-]{0,64}$/, 'must be a name such as chat.completions, up to 64 characters')
    .default('')
    .transform((name) => name || EXTERNAL),
};

/** Cross-checks are made beside other mistakes, so that all are told at once. */
const when = ({ value }: { value: unknown }): boolean =>
  typeof value === 'object' && value !== null;

const GIVE_PROVIDER = { path: ['provider'], error: 'must be given to go by our prices', when };
const GIVE_USAGE = { path: ['usage'], error: 'give usage or cost_nano_usd', when };

/**
 * `now` is asked when a time is judged: here only beside other mistakes. Alone, how long ago a call was is
 * judged where it is new: sent again it gets its answer whenever that is.
 */
export const recordInput = (now: () => number) =>
  z
    .strictObject({
      ...call,
      usage: usage.optional(),
      cost_nano_usd: nano.optional(),
      used_at: timestamp.optional(),
      counts_in_limits: z.boolean().default(false),
    })
    .refine((given) => given.cost_nano_usd !== undefined || given.provider !== '', GIVE_PROVIDER)
    .refine((given) => (given.cost_nano_usd ?? given.usage) !== undefined, GIVE_USAGE)
    .refine(({ used_at: at }) => typeof at !== 'number' || isLately(at, now()), {
      path: ['used_at'],
      error: NOT_LATELY,
      when: (judged) => judged.issues.length > 0 && when(judged),
    });

export const reserveInput = z
  .strictObject({
    ...call,
    amount_nano_usd: nano.optional(),
    estimate: usage.optional(),
    expires_in: duration(SECOND_MS, DAY_MS).default(EXPIRES_MS),
    on_expiry: z.enum(['charge', 'release']).default('charge'),
  })
  .refine((given) => (given.amount_nano_usd === undefined) !== (given.estimate === undefined), {
    path: ['amount_nano_usd'],
    error: 'give amount_nano_usd or estimate, exactly one of both',
    when,
  })
  .refine((given) => given.estimate === undefined || given.provider !== '', GIVE_PROVIDER);

const reservation_id = z.string().min(1).max(ID_CHARS_MAX);

export const extendInput = z.strictObject({
  reservation_id,
  amount_nano_usd: nano.optional(),
  expires_in: duration(SECOND_MS, DAY_MS).optional(),
});

export const settleInput = z
  .strictObject({ reservation_id, usage: usage.optional(), cost_nano_usd: nano.optional() })
  .refine((given) => (given.cost_nano_usd ?? given.usage) !== undefined, GIVE_USAGE);

export const reservationInput = z.strictObject({ reservation_id });

const BACK_MS = 30 * DAY_MS;

/** `now` is the end of a span that says none. */
export const sumsInput = (now: () => number) =>
  z
    .strictObject({ key: keyRef, since: timestamp.optional(), until: timestamp.optional() })
    .transform(({ key, since, until = now() }) => ({
      key,
      fromMs: Math.max(0, since ?? until - BACK_MS),
      toMs: until,
    }))
    .refine(({ fromMs, toMs }) => fromMs < toMs, {
      path: ['since'],
      error: 'must be before until',
    });

export type UsageInput = z.input<typeof usage>;
export type RecordInput = z.input<ReturnType<typeof recordInput>>;
export type ReserveInput = z.input<typeof reserveInput>;
export type ExtendInput = z.input<typeof extendInput>;
export type SettleInput = z.input<typeof settleInput>;
export type ReservationInput = z.input<typeof reservationInput>;
export type SumsInput = z.input<ReturnType<typeof sumsInput>>;
