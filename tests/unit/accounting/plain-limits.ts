import { WINDOW_MS } from '../../../src/accounting/limits.ts';
import type {
  LimitKind,
  LimitRefusal,
  LimitState,
  LimitSubject,
} from '../../../src/accounting/limits.ts';

/** A call that was let in. */
export interface PlainCall {
  subjects: readonly LimitSubject[];
  atMs: number;
  tokens: number;
  isUnderWay: boolean;
}

const KINDS = ['requests', 'tokens', 'concurrency'] as const;

export const limitOf = (subject: LimitSubject, kind: LimitKind): number | null =>
  ({ requests: subject.rpm, tokens: subject.tpm, concurrency: subject.concurrency })[kind];

/** The same limits as a plain list of calls that is searched anew for every question. */
export class PlainLimits {
  readonly calls: PlainCall[] = [];

  used(subject: LimitSubject, kind: LimitKind, nowMs: number): number {
    const own = this.calls.filter(({ subjects }) => subjects.includes(subject));
    if (kind === 'concurrency') return own.filter(({ isUnderWay }) => isUnderWay).length;
    const live = own.filter(({ atMs }) => atMs <= nowMs && atMs + WINDOW_MS > nowMs);
    return kind === 'requests' ? live.length : live.reduce((sum, { tokens }) => sum + tokens, 0);
  }

  refusal(subjects: readonly LimitSubject[], tokens: number, nowMs: number): LimitRefusal | null {
    const all = subjects.flatMap((subject) =>
      KINDS.flatMap((kind): LimitRefusal[] => {
        const limit = limitOf(subject, kind);
        if (limit === null) return [];
        const asked = kind === 'tokens' ? tokens : 1;
        const used = this.used(subject, kind, nowMs);
        const waitMs =
          kind === 'concurrency'
            ? Number(used >= limit) * 1000
            : this.#until(
                nowMs,
                (atMs) => this.used(subject, kind, atMs) + Math.min(asked, limit) <= limit,
              );
        return waitMs === 0 ? [] : [{ subject, kind, limit, used, asked, waitMs }];
      }),
    );
    const longest = Math.max(...all.map(({ waitMs }) => waitMs));
    return all.find(({ waitMs }) => waitMs === longest) ?? null;
  }

  states(subjects: readonly LimitSubject[], nowMs: number): LimitState[] {
    return subjects.flatMap((subject) =>
      (['requests', 'tokens'] as const).flatMap((kind) => {
        const limit = limitOf(subject, kind);
        if (limit === null) return [];
        const remaining = Math.max(0, limit - this.used(subject, kind, nowMs));
        const resetMs = this.#until(nowMs, (atMs) => this.used(subject, kind, atMs) === 0);
        return [{ scope: subject.scope, kind, limit, remaining, resetMs }];
      }),
    );
  }

  /** Only a call that leaves the window changes anything. */
  #until(nowMs: number, isTrue: (atMs: number) => boolean): number {
    const changes = this.calls.map(({ atMs }) => atMs + WINDOW_MS).filter((atMs) => atMs > nowMs);
    const found = [nowMs, ...changes.toSorted((one, other) => one - other)].find(isTrue);
    if (found === undefined) throw new Error('An empty window has room.');
    return found - nowMs;
  }
}
