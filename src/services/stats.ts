import type { Period } from '../accounting/budgets/period.ts';
import { QUARTER_MS } from '../accounting/ledger/rollups.ts';
import { USAGE_DIMENSIONS } from '../entities/usage-dimension.ts';
import type { UsageDimension } from '../entities/usage-dimension.ts';
import type { UsageRecord } from '../entities/usage-record.ts';
import { GatewayError } from '../errors/gateway-error.ts';
import type { Clock } from '../lib/clock.ts';
import type { Actor } from './actor.ts';
import { inTurns } from './in-turns.ts';
import { validated } from './operation.ts';
import { ownUsage } from './own-usage.ts';
import { permit } from './policy.ts';
import type { Reader } from './reader/reader.ts';
import { recentCalls } from './recent-calls.ts';
import { recordsOf } from './record-rows.ts';
import { GROUPS_MAX, groupsInput, rangeInput, recentInput, seriesInput } from './stats-input.ts';
import type { RecentCalls, UsageGroups, UsageRange, UsageSeries } from './stats-input.ts';
import { bucketsOf, inQuarters, shortestCover } from './usage-spans.ts';
import { bucketsQuery, groupsQuery } from './usage-sql.ts';
import type { Asked, Query } from './usage-sql.ts';
import { sumOf } from './usage-sum.ts';
import type { SumRow, UsageSum } from './usage-sum.ts';

/** More points than any chart shows, and each has its cost. */
const BUCKETS_MAX = 10_000;
const STEPS = {
  hour: { kind: 'hourly', ms: 3_600_000 },
  day: { kind: 'daily', ms: 86_400_000 },
} as const;

/** What calls came to that are alike in each dimension asked for; empty where they had none. */
export interface UsageGroup extends UsageSum {
  of: Readonly<Partial<Record<UsageDimension, string>>>;
}

/** What calls came to that began in a period. */
export interface UsageBucket extends UsageSum, Period {}

export interface StatsParts {
  reader: Reader;
  clock: Clock;
}

const EVER = { startMs: 0, endMs: Infinity };

/**
 * Statistics of usage, out of roll-ups: what an answer costs depends on how much it tells, and hardly
 * on how many records there are. Ends of ranges are moved out to quarters of an hour. Records are
 * read only for calls that are told one by one. Users see what is theirs, whatever they filter by.
 */
export class StatsService {
  readonly #parts: StatsParts;

  constructor(parts: StatsParts) {
    this.#parts = parts;
  }

  async totals(actor: Actor, input: UsageRange = {}): Promise<UsageSum> {
    permit(actor, 'usage');
    const { filter, ...range } = validated(rangeInput, input);
    const asked = { dimensions: [], filter: ownUsage(actor, filter), count: 1 };
    const [row = {}] = await this.#groups(asked, range);
    return sumOf(row);
  }

  /** Dearest first. */
  async by(
    actor: Actor,
    dimensions: readonly UsageDimension[],
    input: UsageGroups = {},
  ): Promise<UsageGroup[]> {
    permit(actor, 'usage');
    const { filter, count, ...range } = validated(groupsInput, input);
    const asked = { dimensions, filter: ownUsage(actor, filter), count: count ?? GROUPS_MAX + 1 };
    const rows = await this.#groups(asked, range);
    if (rows.length > GROUPS_MAX) throw tooManyGroups();
    return await inTurns(rows, (row) => ({ of: namesIn(row, dimensions), ...sumOf(row) }));
  }

  /**
   * Every hour or day of the zone that the range touches, those in which nothing was used as well;
   * from the first call to now, unless another range is given.
   */
  async series(actor: Actor, input: UsageSeries): Promise<UsageBucket[]> {
    permit(actor, 'usageSeries');
    const { filter, step, zone, ...range } = validated(seriesInput, input);
    const startMs = range.fromMs ?? (await this.#firstMs());
    const within = { startMs, endMs: range.toMs ?? this.#parts.clock.now() };
    const { kind, ms } = STEPS[step];
    assertFew((within.endMs - startMs) / ms);
    const buckets = await inTurns(bucketsOf(kind, zone, within), (bucket) => bucket);
    const rows = await this.#rows(bucketsQuery(ownUsage(actor, filter), buckets));
    const byNumber = new Map(rows.map((row) => [row['number'], row]));
    return await inTurns(buckets.entries(), ([number, bucket]) => ({
      ...bucket,
      ...sumOf(byNumber.get(number) ?? {}),
    }));
  }

  /** The last calls on record, newest first. */
  async recent(actor: Actor, input: RecentCalls = {}): Promise<UsageRecord[]> {
    permit(actor, 'requests');
    const { filter, count } = validated(recentInput, input);
    const { reader } = this.#parts;
    const asked = { filter: ownUsage(actor, filter), facts: {}, period: EVER };
    const { ids } = await recentCalls(reader, asked, { count });
    return await recordsOf(reader, ids);
  }

  async #groups(asked: Asked, { fromMs = 0, toMs = Infinity }: UsageRange): Promise<SumRow[]> {
    const period = inQuarters({ startMs: fromMs, endMs: toMs });
    const [newest] = await this.#rows(['select max(quarter_ms) as ms from usage_quarters', []]);
    const knownMs = Number(newest?.['ms'] ?? 0) + QUARTER_MS;
    return await this.#rows(groupsQuery(asked, period, shortestCover(period, knownMs)));
  }

  #rows([sql, values]: Query): Promise<SumRow[]> {
    return this.#parts.reader.rows<SumRow>(sql, values);
  }

  async #firstMs(): Promise<number> {
    const [row] = await this.#rows(['select min(quarter_ms) as ms from usage_quarters', []]);
    return Number(row?.['ms'] ?? this.#parts.clock.now());
  }
}

const namesIn = (row: SumRow, dimensions: readonly UsageDimension[]) =>
  Object.fromEntries(
    dimensions.map((dimension) => [dimension, String(row[USAGE_DIMENSIONS[dimension]])]),
  );

function assertFew(buckets: number): void {
  if (buckets <= BUCKETS_MAX) return;
  throw new GatewayError(
    'invalid_request',
    `step: ${Math.ceil(buckets)} of them are too many, ${BUCKETS_MAX} are the most.`,
    { param: 'step' },
  );
}

const tooManyGroups = () =>
  new GatewayError(
    'invalid_request',
    `count: there are more than ${GROUPS_MAX} groups. Say how many of the dearest, or ask for less.`,
    { param: 'count' },
  );
