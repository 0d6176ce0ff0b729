import { z } from 'zod';

/*
 * Fields as messages of gRPC have them: whole numbers of 64 bits as decimal text, times and durations
 * as seconds and nanoseconds. Services that only gRPC asks take them so, and name every mistake.
 */

const NANOS = 1_000_000_000;
const NANOS_PER_MS = 1_000_000;
const MS = 1000;
/** 9999-12-31T23:59:59Z, the last second of a `google.protobuf.Timestamp`; the first is as far from us. */
const SECONDS_MAX = 253_402_300_799n;
const WHOLE = /^-?\d{1,19}$/;

const number64 = z.union([z.string(), z.number(), z.bigint()], { error: 'must be a whole number' });

/** A whole number from min to max, exact. */
export const int64 = (min: bigint, max: bigint) =>
  number64.transform((given, context): bigint => {
    const value = wholeOf(given);
    if (value !== null && value >= min && value <= max) return value;
    context.addIssue({ code: 'custom', message: `must be a whole number from ${min} to ${max}` });
    return z.NEVER;
  });

/** The same from 0, small enough for a number. */
export const count = (max: number) => int64(0n, BigInt(max)).transform(Number);

/** Seconds and nanoseconds, as one count of nanoseconds. */
const moment = z.strictObject({
  seconds: int64(-SECONDS_MAX, SECONDS_MAX),
  nanos: z
    .number()
    .int()
    .min(1 - NANOS)
    .max(NANOS - 1)
    .default(0),
});

const nanosOf = ({ seconds, nanos }: z.output<typeof moment>): bigint =>
  seconds * BigInt(NANOS) + BigInt(nanos);

/** A `google.protobuf.Duration` in whole milliseconds, never shorter than it says. */
export const duration = (minMs: number, maxMs: number) =>
  moment.transform((given, context): number => {
    const ms = Math.ceil(Number(nanosOf(given)) / NANOS_PER_MS);
    if (ms >= minMs && ms <= maxMs) return ms;
    const text = `must be from ${minMs / MS} to ${maxMs / MS} seconds`;
    context.addIssue({ code: 'custom', message: text });
    return z.NEVER;
  });

/** A `google.protobuf.Timestamp` in whole epoch milliseconds, never later than it says. */
export const timestamp = moment.transform((given, context): number => {
  if (given.nanos >= 0) return Number(given.seconds) * MS + Math.floor(given.nanos / NANOS_PER_MS);
  context.addIssue({ code: 'custom', message: 'nanos must not be below 0' });
  return z.NEVER;
});

function wholeOf(given: string | number | bigint): bigint | null {
  if (typeof given === 'string') return WHOLE.test(given) ? BigInt(given) : null;
  if (typeof given === 'bigint') return given;
  return Number.isSafeInteger(given) ? BigInt(given) : null;
}
