import type { Clock } from '../lib/clock.ts';
import type { AccessTokens } from './access-tokens.ts';
import type { FetchText, TextAnswer } from './fetch-text.ts';
import type { Member } from './member.ts';

const TIMEOUT_MS = 10_000;

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
  member: Member,
  path: string,
  { clock, tokens, fetchText }: AskParts,
  { bytesMax, signal }: { bytesMax: number; signal: AbortSignal },
): Promise<TextAnswer> {
  const patience = new AbortController();
  const timer = clock.after(TIMEOUT_MS, () => patience.abort(new Error('no answer in time')));
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
