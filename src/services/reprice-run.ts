import { setImmediate, setTimeout } from 'node:timers/promises';
import type { Corrected } from '../accounting/ledger/adjust.ts';
import type { LeftAlone, Repriced, Repricing } from './repricing.ts';

/** Calls that are corrected in one commit: it takes milliseconds, which a running server's wait. */
const PAGE_SIZE = 250;
/** And this long they have the file to themselves: who waits for SQLite's lock only looks now and then. */
const PAUSE_MS = 20;

/** What pricing calls anew came to. Nano-USD. */
export interface RepriceReport extends Corrected {
  /** Calls some of whose usage still has no price. */
  lowerBounds: number;
  leftAlone: ReadonlyMap<LeftAlone, number>;
}

/**
 * Goes through the ledger once. `write` corrects calls that cost something else now, and tells what
 * it found when it did; without it nothing is written.
 */
export async function repriceAll(
  repricing: Repricing,
  write: ((changed: readonly Repriced[]) => Promise<Corrected>) | null,
): Promise<RepriceReport> {
  const leftAlone = new Map<LeftAlone, number>();
  const report = { calls: 0, entries: 0, beforeNano: 0n, afterNano: 0n, lowerBounds: 0, leftAlone };
  for (let after: string | null = ''; after !== null;) {
    const page = await repricing.page(after, PAGE_SIZE);
    after = page.next;
    for (const why of page.leftAlone) leftAlone.set(why, (leftAlone.get(why) ?? 0) + 1);
    report.lowerBounds += page.repriced.filter(({ isLowerBound }) => isLowerBound).length;
    const changed = page.repriced.filter(isChanged);
    add(report, sumsOf(page.repriced.filter((one) => !isChanged(one))));
    if (changed.length === 0 || write === null) {
      add(report, sumsOf(changed));
      // Calls of this process get their turn.
      await setImmediate();
    } else {
      add(report, await write(changed));
      await setTimeout(PAUSE_MS);
    }
  }
  return report;
}

const isChanged = ({ beforeNano, costNano }: Repriced): boolean => costNano !== beforeNano;

/** As they were found. */
const sumsOf = (calls: readonly Repriced[]): Corrected => ({
  calls: calls.length,
  entries: calls.filter(isChanged).length,
  beforeNano: calls.reduce((sum, { beforeNano }) => sum + beforeNano, 0n),
  afterNano: calls.reduce((sum, { costNano }) => sum + costNano, 0n),
});

function add(report: Corrected, { calls, entries, beforeNano, afterNano }: Corrected): void {
  report.calls += calls;
  report.entries += entries;
  report.beforeNano += beforeNano;
  report.afterNano += afterNano;
}
