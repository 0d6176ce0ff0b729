import type { EntityManager } from '@mikro-orm/sqlite';
import type { Period } from '../accounting/budgets/period.ts';
import { QUARTER_MS } from '../accounting/ledger/rollups.ts';
import { USAGE_DIMENSIONS } from '../entities/usage-dimension.ts';
import type { UsageDimension } from '../entities/usage-dimension.ts';
import type { UsageRecord } from '../entities/usage-record.ts';
import { GatewayError } from '../errors/gateway-error.ts';
import { validated } from './operation.ts';
import type { ServiceParts } from './operation.ts';
import { recentCalls } from './recent-calls.ts';
import { rangeInput, recentInput, seriesInput } from './stats-input.ts';
import type { RecentCalls, UsageRange, UsageSeries } from './stats-input.ts';
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

/**
 * Statistics of usage, out of roll-ups: what an answer costs depends on how much it tells, and hardly
 * on how many records there are. Ends of ranges are moved out to quarters of an hour. Records are
 * read only for calls that are told one by one.
 */
export class StatsService {
  readonly #parts: Pick<ServiceParts, 'em' | 'clock'>;

  constructor(parts: Pick<ServiceParts, 'em' | 'clock'>) {
    this.#parts = parts;
  }

  async totals(input: UsageRange = {}): Promise<UsageSum> {
    const { filter, ...range } = validated(rangeInput, input);
    const [row = {}] = await this.#groups({ dimensions: [], filter }, range);
    return sumOf(row);
  }

  /** Dearest first. */
  async by(dimensions: readonly UsageDimension[], input: UsageRange = {}): Promise<UsageGroup[]> {
    const { filter, ...range } = validated(rangeInput, input);
    const rows = await this.#groups({ dimensions, filter }, range);
    const groups = rows.map((row) => ({ of: namesIn(row, dimensions), ...sumOf(row) }));
    // Ends that were given back leave groups of nothing.
    return groups.filter(({ calls }) => calls > 0).toSorted(dearestFirst);
  }

  /**
   * Every hour or day of the zone that the range touches, those in which nothing was used as well;
   * from the first call to now, unless another range is given.
   */
  async series(input: UsageSeries): Promise<UsageBucket[]> {
    const { filter, step, zone, ...range } = validated(seriesInput, input);
    const startMs = range.fromMs ?? (await this.#firstMs());
    const within = { startMs, endMs: range.toMs ?? this.#parts.clock.now() };
    const { kind, ms } = STEPS[step];
    assertFew((within.endMs - startMs) / ms);
    const buckets = bucketsOf(kind, zone, within);
    const rows = await this.#rows(bucketsQuery(filter, buckets));
    const sums = new Map(rows.map((row) => [row['number'], sumOf(row)]));
    return buckets.map((bucket, number) => ({ ...bucket, ...(sums.get(number) ?? sumOf({})) }));
  }

  /** The last calls on record, newest first. */
  async recent(input: RecentCalls = {}): Promise<UsageRecord[]> {
    const { filter, count } = validated(recentInput, input);
    return await recentCalls(this.#em, filter, count);
  }

  get #em(): EntityManager {
    return this.#parts.em.fork();
  }

  async #groups(asked: Asked, { fromMs = 0, toMs = Infinity }: UsageRange): Promise<SumRow[]> {
    const period = inQuarters({ startMs: fromMs, endMs: toMs });
    const [newest] = await this.#rows(['select max(quarter_ms) as ms from usage_quarters', []]);
    const knownMs = Number(newest?.['ms'] ?? 0) + QUARTER_MS;
    return await this.#rows(groupsQuery(asked, period, shortestCover(period, knownMs)));
  }

  #rows([sql, values]: Query): Promise<SumRow[]> {
    return this.#em.execute<SumRow[]>(sql, values);
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

const dearestFirst = (left: UsageGroup, right: UsageGroup): number =>
  left.costNano === right.costNano
    ? right.calls - left.calls
    : Number(left.costNano < right.costNano) * 2 - 1;

function assertFew(buckets: number): void {
  if (buckets <= BUCKETS_MAX) return;
  throw new GatewayError(
    'invalid_request',
    `step: ${Math.ceil(buckets)} of them are too many, ${BUCKETS_MAX} are the most.`,
    { param: 'step' },
  );
}
