import type { Timestamp } from '../generated/google/protobuf/Timestamp.ts';

const MS = 1000;
const NANOS_PER_MS = 1_000_000;

/** Epoch milliseconds as `google.protobuf.Timestamp`; null is absent. */
export function toldTime(ms: number | null): Timestamp | null {
  if (ms === null) return null;
  const seconds = Math.floor(ms / MS);
  return { seconds, nanos: Math.floor((ms - seconds * MS) * NANOS_PER_MS) };
}
