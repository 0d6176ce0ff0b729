import { hash } from 'node:crypto';

const PEPPER_BYTES_MIN = 32;
const BLOCK_BYTES = 64;
const DIGEST_BYTES = 32;
const SHA256_HEX = /^[0-9a-f]{64}$/i;

/**
 * The stored form of a virtual key: HMAC-SHA-256(pepper, SHA-256(key)), so that SHA-256 hashes of
 * other systems can be taken over as they are. Nothing is remembered between calls.
 *
 * The HMAC is spelled out (RFC 2104) over one-shot hashes: it costs a third of `createHmac`, and
 * every request pays it.
 */
export class KeyHasher {
  /** One block each of pepper XOR pad, followed by room for a digest. */
  readonly #inner: Buffer;
  readonly #outer: Buffer;

  /** @throws RangeError if the pepper is shorter than 32 bytes */
  constructor(pepper: Buffer) {
    if (pepper.length < PEPPER_BYTES_MIN) {
      throw new RangeError(`the pepper must have at least ${PEPPER_BYTES_MIN} bytes`);
    }
    const block = pepper.length > BLOCK_BYTES ? hash('sha256', pepper, 'buffer') : pepper;
    this.#inner = padded(block, 0x36);
    this.#outer = padded(block, 0x5c);
  }

  /** base64url of the keyed hash of a key, 43 characters. */
  hash(key: string): string {
    this.#inner.write(hash('sha256', key, 'latin1'), BLOCK_BYTES, 'latin1');
    return this.#finish();
  }

  /**
   * What `hash` would give for the key with this SHA-256.
   * @throws RangeError, without the text, if it is not 64 hex digits
   */
  hashOfSha256(hex: string): string {
    if (!SHA256_HEX.test(hex)) throw new RangeError('a SHA-256 hash has 64 hex digits');
    this.#inner.write(hex, BLOCK_BYTES, 'hex');
    return this.#finish();
  }

  #finish(): string {
    // Digests travel as latin1 strings: cheaper than the Buffer objects they would otherwise need.
    this.#outer.write(hash('sha256', this.#inner, 'latin1'), BLOCK_BYTES, 'latin1');
    return hash('sha256', this.#outer, 'base64url');
  }
}

function padded(block: Buffer, pad: number): Buffer {
  const bytes = Buffer.alloc(BLOCK_BYTES + DIGEST_BYTES, pad);
  for (const [at, byte] of block.entries()) bytes[at] = byte ^ pad;
  return bytes;
}
