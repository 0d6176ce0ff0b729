/// <reference lib="esnext.temporal" />
import type { Command } from 'commander';
import { isZone } from '../accounting/budgets/period.ts';
import { USAGE_DIMENSIONS } from '../entities/usage-dimension.ts';
import type { UsageDimension } from '../entities/usage-dimension.ts';
import { text, whole } from './flags.ts';
import type { FlagReader, Flags } from './flags.ts';

const DAY_MS = 86_400_000;
const DAYS_MAX = 36_500;
const DIMENSIONS = Object.keys(USAGE_DIMENSIONS) as UsageDimension[];

/** Lines of one kind of thing or several, or a line for each hour or day. */
export type By = { dimensions: UsageDimension[] } | { step: 'hour' | 'day' };

/** What `tollgate usage` is asked for. */
export interface UsageFlags {
  by: By;
  zone: string;
  fromMs: number | undefined;
  toMs: number | undefined;
  /** By names, as people write them. */
  only: Partial<Record<UsageDimension, string>>;
}

export const withUsageFlags = (target: Command): Command =>
  target
    .option('--by <what>', `${DIMENSIONS.join(', ')} or several of them; hour or day (key,model)`)
    .option('-d, --days <number>', 'only the last so many days (all)')
    .option(
      '--from <time>',
      'only calls that began then or later: 2026-05-06, 2026-05-06T12:00:00Z',
    )
    .option('--to <time>', 'only calls that began before')
    .option('--zone <zone>', 'time zone of days and hours, such as Europe/Berlin (UTC)')
    .option('--key <id>', 'only those of a virtual key, by its id or the start of it')
    .option('--team <team>', 'only those of a team, by id or name')
    .option('--user <user>', 'only those of a user, by id or name')
    .option('--pool <pool>', 'only those of a pool, by id or name')
    .option('--model <model>', 'only those of a model as asked for')
    .option('--endpoint <endpoint>', 'only those of an endpoint, such as chat.completions')
    .option('--credential <credential>', 'only those it served, by id, pool/name or name');

export function usageFlags(flags: Flags, nowMs: number): UsageFlags {
  const zone = flags.read('zone', zoneName) ?? 'UTC';
  const days = flags.read('days', whole(1, DAYS_MAX));
  const fromMs = flags.read('from', timeIn(zone));
  const toMs = flags.read('to', timeIn(zone));
  flags.require(
    !(flags.isGiven('days') && flags.isGiven('from')),
    '--days, --from: only one of them makes sense',
  );
  const startMs = days === undefined ? fromMs : nowMs - days * DAY_MS;
  const begin = days === undefined ? '--from' : '--days';
  flags.require((startMs ?? 0) < (toMs ?? Infinity), `${begin}: must be before --to`);
  const only: UsageFlags['only'] = {};
  for (const dimension of DIMENSIONS) {
    const name = flags.read(dimension, text);
    if (name !== undefined) only[dimension] = name;
  }
  const by = flags.read('by', byWhat) ?? { dimensions: ['key', 'model'] };
  return { by, zone, fromMs: startMs, toMs, only };
}

const byWhat: FlagReader<By> = (value) => {
  if (value === 'hour' || value === 'day') return { step: value };
  const parts = value.split(',').map((part) => part.trim());
  const dimensions = DIMENSIONS.filter((dimension) => parts.includes(dimension));
  if (dimensions.length === parts.length) {
    return {
      dimensions: dimensions.toSorted((left, right) => parts.indexOf(left) - parts.indexOf(right)),
    };
  }
  return { mistake: `must be hour, day, or some of ${DIMENSIONS.join(', ')}, each once` };
};

const zoneName: FlagReader<string> = (value) =>
  isZone(value) ? value : { mistake: 'must be the IANA name of a time zone' };

/** A day begins at its zone's midnight; a time says its own offset. */
const timeIn =
  (zone: string): FlagReader<number> =>
  (value) => {
    try {
      return /^\d{4}-\d\d-\d\d$/.test(value)
        ? Temporal.PlainDate.from(value).toZonedDateTime(zone).epochMilliseconds
        : Temporal.Instant.from(value).epochMilliseconds;
    } catch {
      return {
        mistake: 'must be a day such as 2026-05-06, or a time such as 2026-05-06T12:00:00Z',
      };
    }
  };
