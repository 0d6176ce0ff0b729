import { createRemoteJWKSet, decodeProtectedHeader, errors, jwtVerify } from 'jose';
import type { JWTVerifyGetKey, JWTVerifyOptions } from 'jose';
import { GatewayError } from '../errors/gateway-error.ts';
import type { Clock } from '../lib/clock.ts';
import type { Secret } from '../lib/secret.ts';

export interface UserTokenParts {
  clock: Clock;
  /** Signs HS256; null: nobody's tokens of that kind are believed. */
  secret: Secret | null;
  /** Where the public keys of whoever signs are; null: nobody's. */
  jwksUrl: string | null;
  audience: string | null;
  issuer: string | null;
  /** The keys could not be read. */
  onUnreadable(error: unknown): void;
}

/** What a token says that was believed. */
export interface UserClaims {
  subject: string;
  expiresAtMs: number;
}

interface Signer {
  algorithms: readonly string[];
  key: JWTVerifyGetKey;
  /** Its keys are fetched. */
  isRemote: boolean;
}

const TOKEN_CHARS_MAX = 8192;
const JWKS_TIMEOUT_MS = 5000;
/** Keys that could not be read are not asked for again before: anyone can show tokens. */
const AGAIN_MS = 1000;

/**
 * JSON web tokens of users, signed by somebody else. Which key a token is judged by follows from its
 * algorithm, and each key knows its algorithms: a public key is never taken for a shared secret, and
 * what is unsigned has no key at all (RFC 8725 §3.1).
 */
export class UserTokens {
  readonly #parts: UserTokenParts;
  readonly #signers: readonly Signer[];
  #againMs = Number.NEGATIVE_INFINITY;

  constructor(parts: UserTokenParts) {
    this.#parts = parts;
    this.#signers = signersOf(parts);
  }

  /**
   * Null for everything that is not believed, whatever the reason.
   * @throws GatewayError `upstream_error` while the public keys cannot be read
   */
  async read(token: string): Promise<UserClaims | null> {
    if (token.length > TOKEN_CHARS_MAX) return null;
    const signer = this.#signerOf(token);
    if (signer === undefined) return null;
    const { clock, onUnreadable } = this.#parts;
    if (signer.isRemote && clock.monotonic() < this.#againMs) throw unreadable();
    try {
      const { payload } = await jwtVerify(token, signer.key, this.#rules(signer));
      const { sub = '', exp = 0 } = payload;
      return typeof sub === 'string' ? { subject: sub, expiresAtMs: exp * 1000 } : null;
    } catch (error) {
      if (isTokensFault(error)) return null;
      this.#againMs = clock.monotonic() + AGAIN_MS;
      onUnreadable(error);
      throw unreadable();
    }
  }

  #signerOf(token: string): Signer | undefined {
    try {
      const { alg = '' } = decodeProtectedHeader(token);
      return this.#signers.find(({ algorithms }) => algorithms.includes(alg));
    } catch {
      return undefined;
    }
  }

  #rules({ algorithms }: Signer): JWTVerifyOptions {
    const { clock, audience, issuer } = this.#parts;
    return {
      algorithms: [...algorithms],
      requiredClaims: ['exp', 'sub'],
      currentDate: new Date(clock.now()),
      ...(audience === null ? {} : { audience }),
      ...(issuer === null ? {} : { issuer }),
    };
  }
}

function signersOf({ secret, jwksUrl }: UserTokenParts): Signer[] {
  const signers: Signer[] = [];
  if (secret !== null) {
    const key = new TextEncoder().encode(secret.reveal());
    signers.push({ algorithms: ['HS256'], key: () => key, isRemote: false });
  }
  if (jwksUrl !== null) {
    const key = createRemoteJWKSet(new URL(jwksUrl), { timeoutDuration: JWKS_TIMEOUT_MS });
    signers.push({ algorithms: ['RS256', 'ES256', 'EdDSA'], key, isRemote: true });
  }
  return signers;
}

/** jose's errors are all of the token, but for those of fetching the keys. */
const isTokensFault = (error: unknown): boolean =>
  error instanceof errors.JOSEError &&
  !['ERR_JOSE_GENERIC', 'ERR_JWKS_TIMEOUT', 'ERR_JWKS_INVALID'].includes(error.code);

const unreadable = (): GatewayError =>
  new GatewayError('upstream_error', 'The keys of user tokens cannot be read just now.');
