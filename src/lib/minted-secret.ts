import { randomBytes } from 'node:crypto';
import { crc32 } from 'node:zlib';

const ALPHABET = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
const RANDOM_BYTES = 32;
/** 62^43 > 2^256 and 62^6 > 2^32, so both parts have a fixed width and no bias. */
const RANDOM_LENGTH = 43;
const CHECKSUM_LENGTH = 6;

const NOT_A_DIGIT = 62;
const DIGITS = new Uint8Array(128).fill(NOT_A_DIGIT);
for (let digit = 0; digit < ALPHABET.length; digit += 1) DIGITS[ALPHABET.charCodeAt(digit)] = digit;

/**
 * A new secret: the prefix, 256 random bits in base62, and the CRC-32 of all that in base62, by
 * which scanners and our own edge tell a secret from junk without a look-up. The checksum is no
 * security.
 */
export function minted(prefix: string): string {
  const random = BigInt(`0x${randomBytes(RANDOM_BYTES).toString('hex')}`);
  const unchecked = prefix + base62(random, RANDOM_LENGTH);
  return unchecked + base62(BigInt(crc32(unchecked)), CHECKSUM_LENGTH);
}

/** Whether a text that begins with the prefix could have been minted here. */
export function isMinted(text: string, prefix: string): boolean {
  const checksumStart = prefix.length + RANDOM_LENGTH;
  const length = checksumStart + CHECKSUM_LENGTH;
  if (text.length !== length) return false;
  for (let at = prefix.length; at < checksumStart; at += 1) {
    if (digitAt(text, at) === NOT_A_DIGIT) return false;
  }
  let checksum = 0;
  for (let at = checksumStart; at < length; at += 1) {
    const digit = digitAt(text, at);
    if (digit === NOT_A_DIGIT) return false;
    checksum = checksum * ALPHABET.length + digit;
  }
  return checksum === crc32(text.slice(0, checksumStart));
}

function digitAt(text: string, at: number): number {
  return DIGITS[text.charCodeAt(at)] ?? NOT_A_DIGIT;
}

function base62(value: bigint, length: number): string {
  let text = '';
  for (let rest = value; text.length < length; rest /= 62n) {
    text = ALPHABET.charAt(Number(rest % 62n)) + text;
  }
  return text;
}
