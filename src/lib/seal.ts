import {
  createCipheriv,
  createDecipheriv,
  createSecretKey,
  randomBytes,
  type KeyObject,
} from 'node:crypto';

const VERSION = 'v1';
const CIPHER = 'aes-256-gcm';
const KEY_BYTES = 32;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const WRAPPED_KEY_BYTES = NONCE_BYTES + KEY_BYTES + TAG_BYTES;
const KEY_ID = /^[A-Za-z0-9_-]{1,64}$/;

/** Text could not be sealed or opened. The message never contains the text or any key. */
export class SealError extends Error {
  override readonly name = 'SealError';
}

interface Envelope {
  readonly keyId: string;
  readonly wrappedKey: Buffer;
  readonly box: Buffer;
}

/**
 * AES-256-GCM envelope encryption of text at rest. Each seal draws its own data key, wrapped by
 * the named key-encryption key; both layers authenticate version, key id and binding, so sealed
 * text is of no use in another row or column, under another key, or with any bit changed.
 */
export class Sealer {
  readonly #keys = new Map<string, KeyObject>();
  readonly #currentKeyId: string;
  readonly #currentKey: KeyObject;

  /** @throws SealError if a key is not 32 bytes, an id is malformed or the current key is missing */
  constructor(keys: ReadonlyMap<string, Buffer>, currentKeyId: string) {
    for (const [id, key] of keys) {
      if (!KEY_ID.test(id)) throw new SealError('a key id needs 1 to 64 of A-Z a-z 0-9 _ -');
      if (key.length !== KEY_BYTES) throw new SealError(`key "${id}" must have ${KEY_BYTES} bytes`);
      this.#keys.set(id, createSecretKey(key));
    }
    this.#currentKeyId = currentKeyId;
    this.#currentKey = this.#keyOf(currentKeyId);
  }

  /** `binding` names the place of the text (`table|row id|column`); opening needs the same one. */
  seal(text: string, binding: string): string {
    if (!text.isWellFormed()) throw new SealError('text with lone surrogates cannot be sealed');
    const authenticated = authenticatedText(this.#currentKeyId, binding);
    const dataKey = randomBytes(KEY_BYTES);
    const wrappedKey = encrypt(this.#currentKey, dataKey, authenticated);
    const box = encrypt(dataKey, Buffer.from(text, 'utf8'), authenticated);
    dataKey.fill(0);
    return [VERSION, this.#currentKeyId, encoded(wrappedKey), encoded(box)].join('.');
  }

  /** @throws SealError if the text was not sealed by a known key for exactly this binding */
  open(sealed: string, binding: string): string {
    const { keyId, wrappedKey, box } = parse(sealed);
    const authenticated = authenticatedText(keyId, binding);
    const dataKey = decrypt(this.#keyOf(keyId), wrappedKey, authenticated);
    const text = decrypt(dataKey, box, authenticated).toString('utf8');
    dataKey.fill(0);
    return text;
  }

  /** Which key-encryption key the text needs; says nothing about whether it would open. */
  keyIdOf(sealed: string): string {
    return parse(sealed).keyId;
  }

  #keyOf(id: string): KeyObject {
    const key = this.#keys.get(id);
    if (key === undefined) throw new SealError(`no key-encryption key with the id "${id}"`);
    return key;
  }
}

/** Unambiguous: neither version nor key id can contain the separator. */
function authenticatedText(keyId: string, binding: string): Buffer {
  return Buffer.from(`${VERSION}|${keyId}|${binding}`, 'utf8');
}

function encrypt(key: KeyObject | Buffer, plain: Buffer, authenticated: Buffer): Buffer {
  const nonce = randomBytes(NONCE_BYTES);
  const cipher = createCipheriv(CIPHER, key, nonce, { authTagLength: TAG_BYTES });
  cipher.setAAD(authenticated);
  return Buffer.concat([nonce, cipher.update(plain), cipher.final(), cipher.getAuthTag()]);
}

function decrypt(key: KeyObject | Buffer, box: Buffer, authenticated: Buffer): Buffer {
  const nonce = box.subarray(0, NONCE_BYTES);
  const decipher = createDecipheriv(CIPHER, key, nonce, { authTagLength: TAG_BYTES });
  decipher.setAAD(authenticated);
  decipher.setAuthTag(box.subarray(-TAG_BYTES));
  try {
    const plain = decipher.update(box.subarray(NONCE_BYTES, -TAG_BYTES));
    return Buffer.concat([plain, decipher.final()]);
  } catch {
    throw new SealError('sealed text was altered, moved or sealed by another key');
  }
}

function parse(sealed: string): Envelope {
  const [version, keyId = '', wrappedText = '', boxText = '', ...more] = sealed.split('.', 5);
  const wrappedKey = decoded(wrappedText);
  const box = decoded(boxText);
  const isShaped =
    version === VERSION &&
    KEY_ID.test(keyId) &&
    wrappedKey.length === WRAPPED_KEY_BYTES &&
    box.length >= NONCE_BYTES + TAG_BYTES &&
    more.length === 0;
  if (!isShaped) throw new SealError('not sealed text');
  return { keyId, wrappedKey, box };
}

function encoded(bytes: Buffer): string {
  return bytes.toString('base64url');
}

/** Empty unless canonical: the decoder ignores junk and unused bits, which would be changeable. */
function decoded(text: string): Buffer {
  const bytes = Buffer.from(text, 'base64url');
  return encoded(bytes) === text ? bytes : Buffer.alloc(0);
}
