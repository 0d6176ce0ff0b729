import type { LimitKind, Limits, LimitSubject } from '../accounting/limits.ts';
import type { Clock } from '../lib/clock.ts';

/** One limit as it stands at this moment. */
export interface LimitNow {
  readonly scope: LimitSubject['scope'];
  readonly subjectId: string;
  readonly kind: LimitKind;
  readonly limit: number;
  readonly used: number;
  /** 0 as well when more was used than is allowed now. */
  readonly remaining: number;
  /** When all of it is there again, if nothing more is taken; null of calls at once. */
  readonly resetsAtMs: number | null;
}

/** All limits there are of a key and its team; looking takes nothing. */
export function limitsNow(
  subjects: readonly LimitSubject[],
  { limits, clock }: { limits: Pick<Limits, 'windows'>; clock: Clock },
): LimitNow[] {
  const nowMs = clock.now();
  return subjects.flatMap((subject) => {
    const windows = Object.entries(limits.windows(subject, clock.monotonic()));
    return windows.flatMap(([kind, { limit, used, remaining, resetMs }]): LimitNow[] => {
      if (limit === null) return [];
      return [
        {
          scope: subject.scope,
          subjectId: subject.id,
          kind: kind as LimitKind,
          limit,
          used: used ?? 0,
          remaining: remaining ?? 0,
          // Never earlier than it is.
          resetsAtMs: resetMs === null ? null : Math.ceil(nowMs + resetMs),
        },
      ];
    });
  });
}
