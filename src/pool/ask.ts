import type { Clock } from '../lib/clock.ts';
import { AccessTokenError } from './access-tokens.ts';
import type { AccessTokens } from './access-tokens.ts';
import type { FetchText, TextAnswer } from './fetch-text.ts';
import type { Member } from './member.ts';

const TIMEOUT_MS = 10_000;

/** Whom a provider is asked as: a member, or a credential that is none. */
export type Account = Pick<Member, 'kind' | 'origin' | 'prefix' | 'secret'>;

/** No answer to make anything of, in words of ours. */
export class AskError extends Error {
  override readonly name = 'AskError';
}

export interface AskParts {
  clock: Clock;
  tokens: AccessTokens;
  fetchText: FetchText;
}

/**
 * Asks a credential's provider something of our own, apart from any client's call: its balance, its
 * models, or whether it still works. Resolves with whatever status came; rejects when no answer came
 * in ten seconds, or one longer than `bytesMax`.
 */
export async function ask(
  member: Account,
  path: string,
  { clock, tokens, fetchText }: AskParts,
  { bytesMax, signal }: { bytesMax: number; signal: AbortSignal },
): Promise<TextAnswer> {
  const patience = new AbortController();
  const timer = clock.after(TIMEOUT_MS, () => patience.abort(new AskError('no answer in time')));
  try {
    const either = AbortSignal.any([patience.signal, signal]);
    const isExchanged = member.kind.accessToken !== undefined;
    const secret = isExchanged
      ? await unlessAborted(tokens.get(member), either)
      : member.secret.reveal();
    const target = member.kind.pathOf?.(path) ?? path;
    const headers = { ...member.kind.authorize(secret), accept: 'application/json' };
    const url = `${member.origin}${member.prefix}${target}`;
    const answer = await fetchText({ url, headers, bytesMax }, either);
    if (answer.status === 401 && isExchanged) tokens.forget(member, secret);
    return answer;
  } finally {
    timer.cancel();
  }
}

/** A token is asked for on behalf of many calls: one that gives up leaves the asking alone. */
async function unlessAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  const aborted = Promise.withResolvers<never>();
  signal.addEventListener('abort', () => aborted.reject(signal.reason), { once: true });
  if (signal.aborted) aborted.reject(signal.reason);
  return await Promise.race([work, aborted.promise]);
}

/** What JSON.parse says of a text that is none quotes it, and it may hold a secret. */
export function readJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new TypeError('the answer is not JSON');
  }
}

/** What a provider's reader makes of an answer. Its amounts are not quoted when they are none. */
export function readBy<T>(read: (answer: unknown) => T, text: string): T {
  const answer = readJson(text);
  try {
    return read(answer);
  } catch (error) {
    throw error instanceof TypeError ? error : new AskError('the answer is not as documented');
  }
}

/** Codes of connections that failed, and of answers that broke off. */
const NETWORK_CODE = /^(?:E[A-Z]+|UND_ERR_[A-Z_]+)$/;

/**
 * Why asking failed, for people. Only what is in words of ours: what others say may quote an answer,
 * and that a secret.
 */
export function reasonOf(error: unknown): string {
  const isOurs =
    error instanceof AskError || error instanceof AccessTokenError || error instanceof TypeError;
  if (isOurs) return error.message;
  const { code } = (error ?? {}) as { code?: unknown };
  if (typeof code === 'string' && NETWORK_CODE.test(code)) return `no connection (${code})`;
  return 'no whole answer';
}
