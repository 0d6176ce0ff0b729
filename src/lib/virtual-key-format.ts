import { randomBytes } from 'node:crypto';
import { crc32 } from 'node:zlib';

const PREFIX = 'sk-tg-';
const ALPHABET = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
const RANDOM_BYTES = 32;
/** 62^43 > 2^256 and 62^6 > 2^32, so both parts have a fixed width and no bias. */
const RANDOM_LENGTH = 43;
const CHECKSUM_LENGTH = 6;
const CHECKSUM_START = PREFIX.length + RANDOM_LENGTH;
const KEY_LENGTH = CHECKSUM_START + CHECKSUM_LENGTH;

const HINT_LENGTH = 4;
const HINTED_LENGTH_MIN = 20;
/** The public part of a key, as in `sk-tg-`, `sk-lb-`, `hp_`; bounded, so that it gives away little. */
const PUBLIC_PREFIX = /^(?:[a-z]{2,3}[-_]){1,2}/;

const NOT_A_DIGIT = 62;
const DIGITS = new Uint8Array(128).fill(NOT_A_DIGIT);
for (let digit = 0; digit < ALPHABET.length; digit += 1) DIGITS[ALPHABET.charCodeAt(digit)] = digit;

/**
 * A new virtual key: `sk-tg-`, 256 random bits in base62, and their CRC-32 in base62, by which
 * scanners and our own edge tell a key from junk without a look-up. The checksum is no security.
 */
export function mintVirtualKey(): string {
  const random = BigInt(`0x${randomBytes(RANDOM_BYTES).toString('hex')}`);
  const unchecked = PREFIX + base62(random, RANDOM_LENGTH);
  return unchecked + base62(BigInt(crc32(unchecked)), CHECKSUM_LENGTH);
}

/** Whether a key with our prefix could have been minted here; any other prefix is not ours to judge. */
export function isWellFormed(key: string): boolean {
  if (!key.startsWith(PREFIX)) return true;
  if (key.length !== KEY_LENGTH) return false;
  for (let at = PREFIX.length; at < CHECKSUM_START; at += 1) {
    if (digitAt(key, at) === NOT_A_DIGIT) return false;
  }
  let checksum = 0;
  for (let at = CHECKSUM_START; at < KEY_LENGTH; at += 1) {
    const digit = digitAt(key, at);
    if (digit === NOT_A_DIGIT) return false;
    checksum = checksum * ALPHABET.length + digit;
  }
  return checksum === crc32(key.slice(0, CHECKSUM_START));
}

/** The form that may be shown: public prefix and last four characters, `sk-tg-…Ab12`. */
export function keyHint(key: string): string {
  if (key.length < HINTED_LENGTH_MIN) return '…';
  const prefix = PUBLIC_PREFIX.exec(key)?.[0] ?? '';
  return `${prefix}…${key.slice(-HINT_LENGTH)}`;
}

function digitAt(key: string, at: number): number {
  return DIGITS[key.charCodeAt(at)] ?? NOT_A_DIGIT;
}

function base62(value: bigint, length: number): string {
  let text = '';
  for (let rest = value; text.length < length; rest /= 62n) {
    text = ALPHABET.charAt(Number(rest % 62n)) + text;
  }
  return text;
}
