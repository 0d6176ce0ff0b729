import type { LimitState } from '../accounting/limits.ts';

export type Labels = Readonly<Record<string, string>>;

const NAMES = {
  requests: {
    limit: 'x-ratelimit-limit-requests',
    remaining: 'x-ratelimit-remaining-requests',
    reset: 'x-ratelimit-reset-requests',
    limitPerMinute: 'x-ratelimit-limit-rpm',
    remainingPerMinute: 'x-ratelimit-remaining-rpm',
  },
  tokens: {
    limit: 'x-ratelimit-limit-tokens',
    remaining: 'x-ratelimit-remaining-tokens',
    reset: 'x-ratelimit-reset-tokens',
    limitPerMinute: 'x-ratelimit-limit-tpm',
    remainingPerMinute: 'x-ratelimit-remaining-tpm',
  },
} as const;

/** Without a limit OpenAI's names are left out, and those of system B say so (contracts B1). */
const UNLIMITED: Labels = Object.freeze({
  [NAMES.requests.limitPerMinute]: 'unlimited',
  [NAMES.requests.remainingPerMinute]: 'unlimited',
  [NAMES.tokens.limitPerMinute]: 'unlimited',
  [NAMES.tokens.remainingPerMinute]: 'unlimited',
});

/** What an answer says of limits: for requests and for tokens, of the one that has least left. */
export function limitHeaders(states: readonly LimitState[]): Labels {
  if (states.length === 0) return UNLIMITED;
  const headers: Record<string, string> = { ...UNLIMITED };
  describe(tightest(states, 'requests'), headers);
  describe(tightest(states, 'tokens'), headers);
  return headers;
}

function describe(state: LimitState | undefined, headers: Record<string, string>): void {
  if (state === undefined) return;
  const names = NAMES[state.kind];
  const limit = String(state.limit);
  const remaining = String(state.remaining);
  headers[names.limit] = limit;
  headers[names.remaining] = remaining;
  headers[names.reset] = durationText(state.resetMs);
  headers[names.limitPerMinute] = limit;
  headers[names.remainingPerMinute] = remaining;
}

function tightest(states: readonly LimitState[], kind: LimitState['kind']): LimitState | undefined {
  let tight: LimitState | undefined;
  for (const state of states) {
    if (state.kind === kind && (tight === undefined || isTighter(state, tight))) tight = state;
  }
  return tight;
}

const isTighter = (one: LimitState, other: LimitState): boolean =>
  one.remaining < other.remaining ||
  (one.remaining === other.remaining && one.resetMs > other.resetMs);

/** As OpenAI writes durations: `20ms`, `8.64s`, `1m0s`. Never shorter than it is. */
export function durationText(ms: number): string {
  const wholeMs = Math.ceil(ms);
  if (wholeMs > 0 && wholeMs < 1000) return `${wholeMs}ms`;
  const minutes = Math.floor(wholeMs / 60_000);
  const seconds = `${(wholeMs % 60_000) / 1000}s`;
  return minutes === 0 ? seconds : `${minutes}m${seconds}`;
}
