import { periodOf } from '../accounting/budgets/period.ts';
import type { Period } from '../accounting/budgets/period.ts';
import { QUARTER_MS, SPANS_MS } from '../accounting/ledger/rollups.ts';

/** Totals of spans of one length that begin in a period, to be added (1) or taken away (-1). */
export interface Stretch extends Period {
  spanMs: number;
  sign: 1 | -1;
}

/** The period with its ends moved out to quarters of an hour, which roll-ups are kept by. */
export const inQuarters = ({ startMs, endMs }: Period): Period => ({
  startMs: Math.floor(startMs / QUARTER_MS) * QUARTER_MS,
  endMs: Math.ceil(endMs / QUARTER_MS) * QUARTER_MS,
});

/**
 * A period of whole quarters as few totals: long spans in the middle, shorter ones towards the ends.
 * An end that lies in the second half of a long span takes all of it, and gives the rest back.
 */
export function coverOf({ startMs, endMs }: Period, level = 0): Stretch[] {
  const spanMs = SPANS_MS[level] ?? QUARTER_MS;
  const longerMs = SPANS_MS[level + 1];
  const nearest = (atMs: number) =>
    longerMs === undefined ? 0 : Math.round(atMs / longerMs) * longerMs;
  const inner = { startMs: nearest(startMs), endMs: nearest(endMs) };
  if (inner.startMs >= inner.endMs) return between(spanMs, startMs, endMs);
  return [
    ...between(spanMs, startMs, inner.startMs),
    ...coverOf(inner, level + 1),
    ...between(spanMs, inner.endMs, endMs),
  ];
}

function between(spanMs: number, fromMs: number, toMs: number): Stretch[] {
  if (fromMs < toMs) return [{ spanMs, startMs: fromMs, endMs: toMs, sign: 1 }];
  return fromMs > toMs ? [{ spanMs, startMs: toMs, endMs: fromMs, sign: -1 }] : [];
}

/** The same where nothing began at `knownMs` or later: an end beyond that may as well be another. */
export function shortestCover({ startMs, endMs }: Period, knownMs: number): Stretch[] {
  if (endMs < knownMs) return coverOf({ startMs, endMs });
  const toEnd = coverOf({ startMs, endMs: Number.POSITIVE_INFINITY });
  const toKnown = coverOf({ startMs, endMs: Math.max(startMs, knownMs) });
  const spansIn = (stretches: readonly Stretch[]) =>
    stretches.reduce(
      (spans, one) => spans + Math.max(0, Math.min(one.endMs, knownMs) - one.startMs) / one.spanMs,
      0,
    );
  return spansIn(toKnown) < spansIn(toEnd) ? toKnown : toEnd;
}

/** Periods of equal length that follow each other; the first of them is number `first` of all. */
export interface Run {
  first: number;
  startMs: number;
  endMs: number;
  stepMs: number;
}

/** Hours or days of a zone, each from `startMs` on to the next one's; worked out one by one. */
export function* bucketsOf(
  kind: 'hourly' | 'daily',
  zone: string,
  within: Period,
): Generator<Period> {
  for (let atMs = within.startMs; atMs < within.endMs;) {
    const bucket = periodOf(kind, zone, atMs);
    yield bucket;
    atMs = bucket.endMs;
  }
}

/** The same as few runs: most days have 24 hours. */
export function runsOf(buckets: readonly Period[]): Run[] {
  const runs: Run[] = [];
  for (const [first, { startMs, endMs }] of buckets.entries()) {
    const last = runs.at(-1);
    const stepMs = endMs - startMs;
    if (last?.stepMs === stepMs) last.endMs = endMs;
    else runs.push({ first, startMs, endMs, stepMs });
  }
  return runs;
}

/** The longest span that all of these begin and end with. */
export function spanOf(buckets: readonly Period[]): number {
  const isWhole = (spanMs: number) =>
    buckets.every(({ startMs, endMs }) => startMs % spanMs === 0 && endMs % spanMs === 0);
  return SPANS_MS.findLast(isWhole) ?? QUARTER_MS;
}
