import { hash, randomUUID } from 'node:crypto';
import type { Clock } from '../lib/clock.ts';
import { fetchTextBy } from './fetch-text.ts';
import type { FetchText, TextAnswer } from './fetch-text.ts';
import type { Member } from './member.ts';

/** A token is asked for anew so long before it expires: it must outlive the call it is put on. */
const EARLY_MS = 60_000;
const ASK_TIMEOUT_MS = 30_000;
/** Callers bring secrets of their own: bounds what a stream of them can occupy. */
const TOKENS_MAX = 1000;

const REFUSALS: ReadonlySet<number> = new Set([400, 401, 403]);

/** No token to be had. */
export class AccessTokenError extends Error {
  /** What the provider answered; 0 when it did not. */
  readonly status: number;

  constructor(message: string, status: number, cause?: unknown) {
    super(message, { cause });
    this.name = 'AccessTokenError';
    this.status = status;
  }

  /** The credential is at fault; otherwise the origin is unwell. */
  get isRefusal(): boolean {
    return REFUSALS.has(this.status);
  }
}

/** Whose token: a member, or a credential that a caller brought. */
export type TokenHolder = Pick<Member, 'kind' | 'secret'>;

interface Token {
  readonly text: string;
  /** Of the monotonic clock: a wall clock set back must not keep an expired token in use. */
  readonly staleAtMs: number;
}

/**
 * The short-lived tokens that some providers give for a secret. A token is shared by every call
 * until shortly before it expires, and so is the request for one. Failures are not remembered: the
 * next call asks again.
 */
export class AccessTokens {
  readonly #clock: Clock;
  readonly #fetchText: FetchText;
  /** By digest: secrets are no map keys. */
  readonly #tokens = new Map<string, Token>();
  readonly #asking = new Map<string, Promise<string>>();

  constructor(clock: Clock, fetchText: FetchText = fetchTextBy()) {
    this.#clock = clock;
    this.#fetchText = fetchText;
  }

  /** Rejects with an AccessTokenError. */
  get(holder: TokenHolder): Promise<string> {
    const key = keyOf(holder);
    const token = this.#tokens.get(key);
    if (token !== undefined && this.#clock.monotonic() < token.staleAtMs) {
      return Promise.resolve(token.text);
    }
    let asking = this.#asking.get(key);
    if (asking === undefined) {
      asking = this.#ask(holder, key).finally(() => this.#asking.delete(key));
      this.#asking.set(key, asking);
    }
    return asking;
  }

  /**
   * After a 401: the next call asks anew. Who says which token was refused does not throw away one
   * that another call has fetched since.
   */
  forget(holder: TokenHolder, refused?: string): void {
    if (holder.kind.accessToken === undefined) return;
    const key = keyOf(holder);
    if (refused === undefined || this.#tokens.get(key)?.text === refused) this.#tokens.delete(key);
  }

  async #ask({ kind, secret }: TokenHolder, key: string): Promise<string> {
    const source = kind.accessToken;
    if (source === undefined) throw new Error(`${kind.id} has no access tokens`);
    const answer = await this.#fetch({
      ...source.request(secret.reveal(), randomUUID()),
      method: 'POST',
    });
    if (answer.status < 200 || answer.status > 299) {
      throw new AccessTokenError(`the provider answered ${answer.status}`, answer.status);
    }
    const { token, expiresAtMs } = read(source, answer);
    this.#keep(key, {
      text: token,
      staleAtMs: this.#clock.monotonic() + expiresAtMs - this.#clock.now() - EARLY_MS,
    });
    return token;
  }

  async #fetch(asked: Parameters<FetchText>[0]): Promise<TextAnswer> {
    const patience = new AbortController();
    const timer = this.#clock.after(ASK_TIMEOUT_MS, () => patience.abort());
    try {
      return await this.#fetchText(asked, patience.signal);
    } catch (error) {
      const reason = patience.signal.aborted ? 'in time' : 'whole';
      throw new AccessTokenError(`the provider did not answer ${reason}`, 0, error);
    } finally {
      timer.cancel();
    }
  }

  #keep(key: string, token: Token): void {
    this.#tokens.delete(key);
    this.#tokens.set(key, token);
    if (this.#tokens.size <= TOKENS_MAX) return;
    const oldest = this.#tokens.keys().next();
    if (oldest.done !== true) this.#tokens.delete(oldest.value);
  }
}

const keyOf = ({ kind, secret }: TokenHolder): string =>
  `${kind.id} ${hash('sha256', secret.reveal(), 'base64')}`;

function read(
  source: NonNullable<TokenHolder['kind']['accessToken']>,
  { status, text }: TextAnswer,
): { token: string; expiresAtMs: number } {
  let answer: unknown;
  try {
    answer = JSON.parse(text);
  } catch {
    // What JSON.parse says quotes the text, which may be a token.
    throw new AccessTokenError('the token answer is not JSON', status);
  }
  try {
    return source.read(answer);
  } catch (error) {
    const reason = error instanceof Error ? error.message : 'the token answer is not as documented';
    throw new AccessTokenError(reason, status);
  }
}
