import { WINDOW_MS } from '../../../src/accounting/limits.ts';
import type { LimitSubject } from '../../../src/accounting/limits.ts';

/** One call that a subject was charged with. */
interface Take {
  readonly atMs: number;
  /** What there was a limit of when it was taken; what had none is not counted. */
  readonly hasRpm: boolean;
  tokens: number | null;
  isUnderWay: boolean;
}

/** Gives back what a call has taken. */
export interface TakeLease {
  settle(tokens: number): void;
  end(): void;
}

/** Limits once more, as plainly as can be: a list of all calls there ever were. The judge of the real ones. */
export class LimitRows {
  readonly #takes = new Map<string, Take[]>();

  /** Whether one more call of so many tokens would be one too many for any of them. */
  isFull(subjects: readonly LimitSubject[], tokens: number, nowMs: number): boolean {
    return subjects.some((subject) => {
      const { rpm, tpm, concurrency } = subject;
      const all = this.#of(subject);
      const recent = all.filter(({ atMs }) => atMs > nowMs - WINDOW_MS);
      const requests = recent.filter(({ hasRpm }) => hasRpm).length;
      const used = recent.reduce((sum, take) => sum + (take.tokens ?? 0), 0);
      const underWay = all.filter(({ isUnderWay }) => isUnderWay).length;
      return (
        (rpm !== null && requests + 1 > rpm) ||
        // What is more than the limit alone may go when nothing else counts.
        (tpm !== null && used + Math.min(tokens, tpm) > tpm) ||
        (concurrency !== null && underWay + 1 > concurrency)
      );
    });
  }

  take(subjects: readonly LimitSubject[], tokens: number, nowMs: number): TakeLease {
    const takes = subjects.map((subject): Take => {
      const take = {
        atMs: nowMs,
        hasRpm: subject.rpm !== null,
        tokens: subject.tpm === null ? null : tokens,
        isUnderWay: true,
      };
      this.#of(subject).push(take);
      return take;
    });
    return {
      settle(used) {
        for (const take of takes) if (take.tokens !== null) take.tokens = used;
      },
      end() {
        for (const take of takes) take.isUnderWay = false;
      },
    };
  }

  #of({ scope, id }: LimitSubject): Take[] {
    const name = `${scope} ${id}`;
    const found = this.#takes.get(name) ?? [];
    this.#takes.set(name, found);
    return found;
  }
}
