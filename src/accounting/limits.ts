import { SlidingWindow } from '../lib/sliding-window.ts';
import { TokenWindow } from '../lib/token-window.ts';

export const WINDOW_MS = 60_000;

export type LimitKind = 'requests' | 'tokens' | 'concurrency';

/** A virtual key or a team, with what it is limited to; null is unlimited. */
export interface LimitSubject {
  readonly scope: 'key' | 'team';
  readonly id: string;
  /** Requests and tokens in any 60 seconds. */
  readonly rpm: number | null;
  readonly tpm: number | null;
  /** Calls at once. */
  readonly concurrency: number | null;
}

/** Why a call may not go on now. */
export interface LimitRefusal {
  subject: LimitSubject;
  kind: LimitKind;
  limit: number;
  /** Until there may be room; of concurrency nobody knows. */
  waitMs: number;
}

/** What is left of one limit. */
export interface LimitState {
  scope: LimitSubject['scope'];
  kind: Exclude<LimitKind, 'concurrency'>;
  limit: number;
  remaining: number;
  /** Until all of it is there again. */
  resetMs: number;
}

/** What a call has taken of the limits; given back once, in one place. */
export interface LimitLease extends Disposable {
  /** The tokens really used replace the estimate. */
  settle(tokens: number, nowMs: number): void;
}

interface Usage {
  requests: SlidingWindow;
  tokens: TokenWindow;
  /** Calls under way. */
  calls: number;
}

const CONCURRENCY_RETRY_MS = 1000;
const SUBJECTS_MAX = 100_000;

/**
 * Limits of virtual keys and teams: exact logs of the last minute, and counts of calls under way.
 * Looking changes nothing; taking is one step over all subjects, without an await, so that no more is
 * taken than was there.
 */
export class Limits {
  readonly #usage = new Map<string, Usage>();

  /** Why a call of so many tokens may not go on; the longest wait of all. Null when it may. */
  refusal(subjects: readonly LimitSubject[], tokens: number, nowMs: number): LimitRefusal | null {
    let longest: LimitRefusal | null = null;
    for (const subject of subjects) {
      for (const refusal of this.#refusals(subject, tokens, nowMs)) {
        if (longest === null || refusal.waitMs > longest.waitMs) longest = refusal;
      }
    }
    return longest;
  }

  /** Takes a request, the tokens and a place of every subject. The caller has seen that there is room. */
  take(subjects: readonly LimitSubject[], tokens: number, nowMs: number): LimitLease {
    const taken = subjects.map((subject) => {
      const usage = this.#of(subject, nowMs);
      usage.calls += 1;
      if (subject.rpm !== null) usage.requests.take(nowMs);
      return { usage, ticket: subject.tpm === null ? null : usage.tokens.take(tokens, nowMs) };
    });
    let isOver = false;
    return {
      settle(used, settledMs) {
        for (const { usage, ticket } of taken) {
          if (ticket !== null) usage.tokens.settle(ticket, used, settledMs);
        }
      },
      [Symbol.dispose]() {
        if (isOver) return;
        isOver = true;
        for (const { usage } of taken) usage.calls -= 1;
      },
    };
  }

  /** What is left of each limit of requests and tokens. */
  states(subjects: readonly LimitSubject[], nowMs: number): LimitState[] {
    return subjects.flatMap((subject) => {
      const { scope, rpm, tpm } = subject;
      const usage = this.#usage.get(keyOf(subject));
      const requests = usage?.requests.count(nowMs) ?? 0;
      const tokens = usage?.tokens.sum(nowMs) ?? 0;
      const state = (kind: LimitState['kind'], limit: number | null, used: number): LimitState[] =>
        limit === null
          ? []
          : [
              {
                scope,
                kind,
                limit,
                remaining: Math.max(0, limit - used),
                resetMs: used === 0 ? 0 : WINDOW_MS,
              },
            ];
      return [...state('requests', rpm, requests), ...state('tokens', tpm, tokens)];
    });
  }

  *#refusals(subject: LimitSubject, tokens: number, nowMs: number): Generator<LimitRefusal> {
    const { rpm, tpm, concurrency } = subject;
    if (rpm === null && tpm === null && concurrency === null) return;
    const usage = this.#of(subject, nowMs);
    if (rpm !== null) {
      const waitMs = waitOf(usage.requests.nextFreeAt(rpm, nowMs), nowMs);
      if (waitMs > 0) yield { subject, kind: 'requests', limit: rpm, waitMs };
    }
    if (tpm !== null) {
      const waitMs = waitOf(usage.tokens.nextFreeAt(tpm, tokens, nowMs), nowMs);
      if (waitMs > 0) yield { subject, kind: 'tokens', limit: tpm, waitMs };
    }
    if (concurrency !== null && usage.calls >= concurrency) {
      yield { subject, kind: 'concurrency', limit: concurrency, waitMs: CONCURRENCY_RETRY_MS };
    }
  }

  #of(subject: LimitSubject, nowMs: number): Usage {
    const key = keyOf(subject);
    const found = this.#usage.get(key);
    if (found !== undefined) return found;
    if (this.#usage.size >= SUBJECTS_MAX) this.#forgetIdle(nowMs);
    const made = {
      requests: new SlidingWindow(WINDOW_MS),
      tokens: new TokenWindow(WINDOW_MS),
      calls: 0,
    };
    this.#usage.set(key, made);
    return made;
  }

  #forgetIdle(nowMs: number): void {
    for (const [key, { calls, requests, tokens }] of this.#usage) {
      if (calls === 0 && requests.count(nowMs) === 0 && tokens.sum(nowMs) === 0)
        this.#usage.delete(key);
    }
  }
}

const keyOf = ({ scope, id }: LimitSubject): string => `${scope} ${id}`;

const waitOf = (atMs: number, nowMs: number): number =>
  Math.max(0, Math.min(atMs - nowMs, WINDOW_MS));
