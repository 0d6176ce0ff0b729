/// <reference lib="esnext.temporal" />
import type { BudgetPeriod } from '../../entities/budget.ts';

const HOUR_MS = 3_600_000;
const NANOS_PER_MS = 1_000_000;

/** Epoch milliseconds: from `startMs` on, up to but not including `endMs`. */
export interface Period {
  readonly startMs: number;
  readonly endMs: number;
}

const EVER: Period = Object.freeze({ startMs: 0, endMs: Number.POSITIVE_INFINITY });

/** The day on which the period of a day begins, and what lies between two such days. */
const CALENDAR = {
  daily: { firstOf: (day: Temporal.PlainDate) => day, length: { days: 1 } },
  weekly: {
    firstOf: (day: Temporal.PlainDate) => day.subtract({ days: day.dayOfWeek - 1 }),
    length: { weeks: 1 },
  },
  monthly: { firstOf: (day: Temporal.PlainDate) => day.with({ day: 1 }), length: { months: 1 } },
} as const;

/**
 * The period that a time (epoch milliseconds) lies in, worked out from the time alone: nothing has
 * to run for a budget to reset. The periods of a kind and zone follow each other without gap or
 * overlap. Days, weeks and months last from midnight to midnight of the zone, however many hours
 * that is. An hour begins when local clocks show a whole one, and anew when they are turned: one
 * that they show twice is two periods.
 * @throws RangeError if there is no such zone
 */
export function periodOf(kind: BudgetPeriod, zone: string, atMs: number): Period {
  if (kind === 'none') return EVER;
  const instant = Temporal.Instant.fromEpochMilliseconds(Math.floor(atMs));
  const local = instant.toZonedDateTimeISO(zone);
  return kind === 'hourly' ? hourAt(local) : datesAt(local, kind);
}

function hourAt(local: Temporal.ZonedDateTime): Period {
  const offsetMs = local.offsetNanoseconds / NANOS_PER_MS;
  const hours = Math.floor((local.epochMilliseconds + offsetMs) / HOUR_MS);
  const startMs = hours * HOUR_MS - offsetMs;
  // "Previous" leaves out a turn at this very moment.
  const turned = local.add({ nanoseconds: 1 }).getTimeZoneTransition('previous');
  const nextTurn = local.getTimeZoneTransition('next');
  return {
    startMs: Math.max(startMs, turned?.epochMilliseconds ?? startMs),
    endMs: Math.min(startMs + HOUR_MS, nextTurn?.epochMilliseconds ?? Number.POSITIVE_INFINITY),
  };
}

function datesAt(local: Temporal.ZonedDateTime, kind: keyof typeof CALENDAR): Period {
  const { firstOf, length } = CALENDAR[kind];
  const midnightMs = (day: Temporal.PlainDate) =>
    day.toZonedDateTime(local.timeZoneId).epochMilliseconds;
  let first = firstOf(local.toPlainDate());
  let next = first.add(length);
  // Where clocks are set back across midnight, yesterday's date returns for a while: a period that
  // has begun is not left again.
  while (midnightMs(next) <= local.epochMilliseconds) {
    first = next;
    next = first.add(length);
  }
  return { startMs: midnightMs(first), endMs: midnightMs(next) };
}

/** Periods of one kind and zone. Within the one that was asked for last, an answer costs nothing. */
export class PeriodClock {
  readonly #kind: BudgetPeriod;
  readonly #zone: string;
  #last: Period = { startMs: 0, endMs: 0 };

  constructor(kind: BudgetPeriod, zone: string) {
    this.#kind = kind;
    this.#zone = zone;
  }

  periodAt(atMs: number): Period {
    const last = this.#last;
    if (atMs >= last.startMs && atMs < last.endMs) return last;
    this.#last = periodOf(this.#kind, this.#zone, atMs);
    return this.#last;
  }
}

/** Whether this is the IANA name of a time zone; a bare offset such as `+02:00` is none. */
export function isZone(name: string): boolean {
  if (!/^[A-Za-z]/.test(name)) return false;
  try {
    return new Intl.DateTimeFormat('en', { timeZone: name }).resolvedOptions().timeZone !== '';
  } catch {
    return false;
  }
}
