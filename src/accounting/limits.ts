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
  readonly subject: LimitSubject;
  readonly kind: LimitKind;
  readonly limit: number;
  /** What counts against it now, and what the call would have added. */
  readonly used: number;
  readonly asked: number;
  /** Until there may be room; of concurrency nobody knows. */
  readonly waitMs: number;
}

/** What is left of one limit. */
export interface LimitState {
  readonly scope: LimitSubject['scope'];
  readonly kind: Exclude<LimitKind, 'concurrency'>;
  readonly limit: number;
  readonly remaining: number;
  /** Until all of it is there again, if nothing more is taken. */
  readonly resetMs: number;
}

/** How one kind of limit stands now, whether there is one or not. */
export interface LimitWindow {
  /** Null is unlimited. */
  readonly limit: number | null;
  /** What counts against it; null where nobody counts, as there is no limit. */
  readonly used: number | null;
  /** Null where it is unlimited; 0 as well when more was used than is allowed now. */
  readonly remaining: number | null;
  /** Until all of it is there again, if nothing more is taken; of calls at once nobody knows. */
  readonly resetMs: number | null;
}

/** What a call has taken of the limits; given back once, in one place. */
export interface LimitLease extends Disposable {
  /** The tokens really used replace the estimate. */
  settle(tokens: number, nowMs: number): void;
}

interface Usage {
  readonly requests: SlidingWindow;
  readonly tokens: TokenWindow;
  /** Calls under way. */
  calls: number;
}

/** How one kind of limit is looked at. */
interface Rule {
  readonly kind: LimitKind;
  readonly limitOf: (subject: LimitSubject) => number | null;
  readonly used: (usage: Usage, nowMs: number) => number;
  readonly emptyAt: (usage: Usage, nowMs: number) => number | null;
  /** Until a call of so many tokens has room: 0 is now. */
  readonly waitMs: (usage: Usage, limit: number, tokens: number, nowMs: number) => number;
}

const CONCURRENCY_RETRY_MS = 1000;
const SUBJECTS_MAX = 100_000;

const RULES: readonly Rule[] = [
  {
    kind: 'requests',
    limitOf: ({ rpm }) => rpm,
    used: ({ requests }, nowMs) => requests.count(nowMs),
    emptyAt: ({ requests }, nowMs) => requests.emptyAt(nowMs),
    waitMs: ({ requests }, limit, _tokens, nowMs) =>
      waitOf(requests.nextFreeAt(limit, nowMs), nowMs),
  },
  {
    kind: 'tokens',
    limitOf: ({ tpm }) => tpm,
    used: (usage, nowMs) => usage.tokens.sum(nowMs),
    emptyAt: (usage, nowMs) => usage.tokens.emptyAt(nowMs),
    waitMs: (usage, limit, tokens, nowMs) =>
      waitOf(usage.tokens.nextFreeAt(limit, tokens, nowMs), nowMs),
  },
  {
    kind: 'concurrency',
    limitOf: ({ concurrency }) => concurrency,
    used: ({ calls }) => calls,
    emptyAt: () => null,
    waitMs: ({ calls }, limit) => (calls >= limit ? CONCURRENCY_RETRY_MS : 0),
  },
];

const waitOf = (atMs: number, nowMs: number): number =>
  Math.max(0, Math.min(atMs - nowMs, WINDOW_MS));

const newUsage = (): Usage => ({
  requests: new SlidingWindow(WINDOW_MS),
  tokens: new TokenWindow(WINDOW_MS),
  calls: 0,
});

/** Of everybody who has taken nothing; never taken from. */
const UNUSED: Usage = Object.freeze(newUsage());

/**
 * Limits of virtual keys and teams: exact logs of the last minute, and counts of calls under way.
 * Looking changes nothing, and allocates nothing while there is room; taking is one step over all
 * subjects, without an await, so that no more is taken than was there.
 */
export class Limits {
  readonly #usage: Readonly<Record<LimitSubject['scope'], Map<string, Usage>>> = {
    key: new Map(),
    team: new Map(),
  };
  /** So many subjects are looked through for idle ones; more once most are not. */
  #sweepSize = SUBJECTS_MAX;

  /** Why a call of so many tokens may not go on; the longest wait of all. Null when it may. */
  refusal(subjects: readonly LimitSubject[], tokens: number, nowMs: number): LimitRefusal | null {
    let longest: LimitRefusal | null = null;
    for (const subject of subjects) {
      const usage = this.#usageOf(subject);
      for (const { kind, limitOf, used, waitMs: waitFor } of RULES) {
        const limit = limitOf(subject);
        if (limit === null) continue;
        const waitMs = waitFor(usage, limit, tokens, nowMs);
        if (waitMs <= (longest?.waitMs ?? 0)) continue;
        const asked = kind === 'tokens' ? tokens : 1;
        longest = { subject, kind, limit, used: used(usage, nowMs), asked, waitMs };
      }
    }
    return longest;
  }

  /** Takes a request, the tokens and a place of every subject. The caller has seen that there is room. */
  take(subjects: readonly LimitSubject[], tokens: number, nowMs: number): LimitLease {
    const taken = subjects.map((subject) => {
      const usage = this.#takerOf(subject, nowMs);
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

  /** What is left of each limit of requests and tokens; empty without any. */
  states(subjects: readonly LimitSubject[], nowMs: number): LimitState[] {
    const states: LimitState[] = [];
    for (const subject of subjects) {
      const { scope, rpm, tpm } = subject;
      const { requests, tokens } = this.#usageOf(subject);
      if (rpm !== null) {
        const remaining = Math.max(0, rpm - requests.count(nowMs));
        const resetMs = waitOf(requests.emptyAt(nowMs), nowMs);
        states.push({ scope, kind: 'requests', limit: rpm, remaining, resetMs });
      }
      if (tpm !== null) {
        const remaining = Math.max(0, tpm - tokens.sum(nowMs));
        const resetMs = waitOf(tokens.emptyAt(nowMs), nowMs);
        states.push({ scope, kind: 'tokens', limit: tpm, remaining, resetMs });
      }
    }
    return states;
  }

  /** Everything that counts for a subject now, for people to look at. */
  windows(subject: LimitSubject, nowMs: number): Record<LimitKind, LimitWindow> {
    const usage = this.#usageOf(subject);
    const windows = RULES.map((rule) => [rule.kind, windowOf(rule, subject, { usage, nowMs })]);
    return Object.fromEntries(windows) as Record<LimitKind, LimitWindow>;
  }

  #usageOf({ scope, id }: LimitSubject): Usage {
    return this.#usage[scope].get(id) ?? UNUSED;
  }

  #takerOf({ scope, id }: LimitSubject, nowMs: number): Usage {
    const found = this.#usage[scope].get(id);
    if (found !== undefined) return found;
    if (this.#size >= this.#sweepSize) this.#forgetIdle(nowMs);
    const made = newUsage();
    this.#usage[scope].set(id, made);
    return made;
  }

  get #size(): number {
    return this.#usage.key.size + this.#usage.team.size;
  }

  #forgetIdle(nowMs: number): void {
    for (const usages of Object.values(this.#usage)) {
      for (const [id, { calls, requests, tokens }] of usages) {
        if (calls === 0 && requests.count(nowMs) === 0 && tokens.sum(nowMs) === 0)
          usages.delete(id);
      }
    }
    this.#sweepSize = Math.max(SUBJECTS_MAX, this.#size * 2);
  }
}

function windowOf(
  { kind, limitOf, used: usedOf, emptyAt }: Rule,
  subject: LimitSubject,
  { usage, nowMs }: { usage: Usage; nowMs: number },
): LimitWindow {
  const limit = limitOf(subject);
  const used = usedOf(usage, nowMs);
  if (limit === null) {
    const isCounted = kind === 'concurrency';
    return { limit, used: isCounted ? used : null, remaining: null, resetMs: null };
  }
  const emptyMs = emptyAt(usage, nowMs);
  const resetMs = emptyMs === null ? null : waitOf(emptyMs, nowMs);
  return { limit, used, remaining: Math.max(0, limit - used), resetMs };
}
