import { randomFillSync } from 'node:crypto';
import { v7 } from 'uuid';

const RANDOM_BYTES = 16;
const CANONICAL_V7 = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

/** Random bytes are drawn for 256 ids at a time: the system call would be most of an id's cost. */
const pool = Buffer.alloc(256 * RANDOM_BYTES);
let poolAt = pool.length;

let lastMs = 0;
let sequence = 0;

/**
 * A new UUIDv7 (RFC 9562, method 1: counter): unique, and within one process each sorts after the
 * one before, even within a millisecond or when the wall clock is set back.
 */
export function newId(): string {
  const random = drawn();
  const nowMs = Date.now();
  if (nowMs > lastMs) {
    lastMs = nowMs;
    // The counter has 32 bits; starting in the lower half leaves 2^31 ids before it could wrap.
    sequence = random.readUInt32BE(0) >>> 1;
  } else {
    sequence += 1;
  }
  return v7({ random, msecs: lastMs, seq: sequence });
}

/** An id of a time that is past: unique, and among those that were made at that time. */
export const idAt = (ms: number): string => v7({ random: drawn(), msecs: ms });

function drawn(): Buffer {
  if (poolAt === pool.length) {
    randomFillSync(pool);
    poolAt = 0;
  }
  const random = pool.subarray(poolAt, poolAt + RANDOM_BYTES);
  poolAt += RANDOM_BYTES;
  return random;
}

/**
 * Whether the text is an id as `newId` writes it. Upper case is refused, because ids are compared
 * as text and two spellings of one id would be two ids.
 */
export function isId(text: string): boolean {
  return CANONICAL_V7.test(text);
}
