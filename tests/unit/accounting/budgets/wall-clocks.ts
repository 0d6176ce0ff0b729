import type { Period } from '../../../../src/accounting/budgets/period.ts';
import type { BudgetPeriod } from '../../../../src/entities/budget.ts';

const [SECOND_MS, MINUTE_MS, HOUR_MS, DAY_MS] = [1000, 60_000, 3_600_000, 86_400_000];

const formats = new Map<string, Intl.DateTimeFormat>();

/** What clocks on the wall show, as if it were UTC; by Intl, which shares no rule with the product. */
function wallMs(zone: string, atMs: number): number {
  let format = formats.get(zone);
  if (format === undefined) {
    format = new Intl.DateTimeFormat('en-US', {
      timeZone: zone,
      hourCycle: 'h23',
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
      hour: 'numeric',
      minute: 'numeric',
      second: 'numeric',
    });
    formats.set(zone, format);
  }
  const shown = format.format(atMs).match(/\d+/g) ?? [];
  const [month = 0, day = 0, year = 0, ...time] = shown.map(Number);
  return Date.UTC(year, month - 1, day, ...time);
}

/** The first day of the period of a day, and of the next one; days as midnights UTC. */
const DAYS: Record<'daily' | 'weekly' | 'monthly', (dayMs: number) => [number, number]> = {
  daily: (dayMs) => [dayMs, dayMs + DAY_MS],
  weekly: (dayMs) => {
    const monday = dayMs - ((new Date(dayMs).getUTCDay() + 6) % 7) * DAY_MS;
    return [monday, monday + 7 * DAY_MS];
  },
  monthly: (dayMs) => {
    const [year, month] = [new Date(dayMs).getUTCFullYear(), new Date(dayMs).getUTCMonth()];
    return [Date.UTC(year, month, 1), Date.UTC(year, month + 1, 1)];
  },
};

/** The first moment at which clocks show this day or a later one: looked for minute by minute. */
function firstMomentOf(zone: string, dayMs: number): number {
  let minute = dayMs - 27 * HOUR_MS;
  while (wallMs(zone, minute) < dayMs) minute += MINUTE_MS;
  let second = minute - MINUTE_MS;
  while (wallMs(zone, second) < dayMs) second += SECOND_MS;
  return second;
}

/** A period begins at a whole hour, or where clocks do not run on from the second before. */
function isStartOfHour(zone: string, secondMs: number): boolean {
  const shown = wallMs(zone, secondMs);
  return shown % HOUR_MS === 0 || shown - wallMs(zone, secondMs - SECOND_MS) !== SECOND_MS;
}

/** The period of a time, by brute force. */
export function periodByWallClock(
  kind: Exclude<BudgetPeriod, 'none'>,
  zone: string,
  atMs: number,
): Period {
  const secondMs = Math.floor(atMs / SECOND_MS) * SECOND_MS;
  if (kind === 'hourly') {
    let [startMs, endMs] = [secondMs, secondMs + SECOND_MS];
    while (!isStartOfHour(zone, startMs)) startMs -= SECOND_MS;
    while (!isStartOfHour(zone, endMs)) endMs += SECOND_MS;
    return { startMs, endMs };
  }
  let dayMs = Math.floor(wallMs(zone, secondMs) / DAY_MS) * DAY_MS;
  for (;;) {
    const [first, next] = DAYS[kind](dayMs);
    const endMs = firstMomentOf(zone, next);
    if (endMs > atMs) return { startMs: firstMomentOf(zone, first), endMs };
    dayMs = next;
  }
}
