import type { EntityManager } from '@mikro-orm/sqlite';
import { Credential } from '../entities/credential.ts';
import { Pool } from '../entities/pool.ts';
import type { Adjustment } from '../entities/adjustment.ts';
import type { UsageDimension } from '../entities/usage-dimension.ts';
import type { Clock } from '../lib/clock.ts';
import type { Actor } from './actor.ts';
import { adjustmentsOf } from './adjustments.ts';
import { CALLER, CALLERS_OWN } from './explanation-texts.ts';
import { validated } from './operation.ts';
import { permit } from './policy.ts';
import type { Reader } from './reader/reader.ts';
import type { StatsService, UsageBucket, UsageGroup } from './stats.ts';
import { DIMENSIONS, usageInput, usageRangeInput, usageSeriesInput } from './usage-input.ts';
import type { NamedFilter, UsageInput, UsageRangeInput, UsageSeriesInput } from './usage-input.ts';
import { filterNamed, usageNames } from './usage-names.ts';
import type { UsageFilter } from './usage-sql.ts';

export interface UsageParts {
  em: EntityManager;
  reader: Reader;
  clock: Clock;
  stats: StatsService;
}

/** Usage as people ask for it: by names, and told with names. */
export class UsageService {
  readonly #parts: UsageParts;

  constructor(parts: UsageParts) {
    this.#parts = parts;
  }

  /** Dearest first; of all calls together where nothing is told apart. */
  async groups(actor: Actor, input: UsageInput = {}): Promise<UsageGroup[]> {
    permit(actor, 'usage');
    const { groupBy, first, ...named } = validated(usageInput, input);
    const range = { filter: await this.#ids(actor, named.filter), ...timesOf(named) };
    const { stats } = this.#parts;
    if (groupBy.length > 0) return await stats.by(actor, groupBy, { ...range, count: first });
    return [{ of: {}, ...(await stats.totals(actor, range)) }];
  }

  /** Every hour or day of the zone, also those in which nothing was used; the last day or month unless said. */
  async series(actor: Actor, input: UsageSeriesInput): Promise<UsageBucket[]> {
    permit(actor, 'usageSeries');
    const { step, zone, ...named } = validated(usageSeriesInput(this.#parts.clock.now()), input);
    const filter = await this.#ids(actor, named.filter);
    return await this.#parts.stats.series(actor, { filter, step, zone, ...timesOf(named) });
  }

  /** A filter and times as records have them. */
  async range(
    actor: Actor,
    input: UsageRangeInput,
  ): Promise<{ filter: UsageFilter; fromMs?: number; toMs?: number }> {
    const named = validated(usageRangeInput, input);
    return { filter: await this.#ids(actor, named.filter), ...timesOf(named) };
  }

  /** What people call values of a dimension; users are told the names of credentials that are theirs. */
  async names(
    actor: Actor,
    dimension: UsageDimension,
    ids: readonly string[],
  ): Promise<(id: string) => string> {
    const isHidden = await this.#hidden(actor, dimension, ids);
    const told = await usageNames(this.#parts.reader, dimension, ids);
    return (id) => {
      if (dimension === 'credential' && id === CALLER) return CALLERS_OWN;
      return isHidden(id) ? id : told(id);
    };
  }

  /** Corrections of calls that the actor was shown. */
  async adjustments(requestIds: readonly string[]): Promise<ReadonlyMap<string, Adjustment[]>> {
    return await adjustmentsOf(this.#parts.reader, requestIds);
  }

  async #hidden(
    { userId }: Actor,
    dimension: UsageDimension,
    ids: readonly string[],
  ): Promise<(id: string) => boolean> {
    if (userId === null || dimension !== 'credential') return () => false;
    const em = this.#parts.em.fork();
    const own = await em.find(Pool, { userId }, { fields: ['id'] });
    const where = { id: { $in: [...ids] }, poolId: { $in: own.map(({ id }) => id) } };
    const known = await em.find(Credential, where, { fields: ['id'] });
    const shown = new Set(known.map(({ id }) => id));
    return (id) => !shown.has(id);
  }

  /**
   * Names as ids, every one that there is none of told at once. Users say ids: whether others' names
   * exist is not for them.
   */
  async #ids({ userId }: Actor, named: NamedFilter): Promise<UsageFilter> {
    if (userId !== null) return named;
    const longest = Math.max(0, ...DIMENSIONS.map((dimension) => named[dimension]?.length ?? 0));
    const filter: { [dimension in UsageDimension]?: string[] } = {};
    for (const dimension of DIMENSIONS) if (named[dimension] !== undefined) filter[dimension] = [];
    for (let at = 0; at < longest; at += 1) {
      const row = DIMENSIONS.flatMap((dimension) => {
        const name = named[dimension]?.[at];
        return name === undefined ? [] : [[dimension, name] as const];
      });
      const found = await filterNamed(this.#parts.em, Object.fromEntries(row));
      for (const dimension of DIMENSIONS) filter[dimension]?.push(...(found[dimension] ?? []));
    }
    return filter;
  }
}

const timesOf = ({ from, to }: { from?: number | undefined; to?: number | undefined }) => ({
  ...(from === undefined ? {} : { fromMs: from }),
  ...(to === undefined ? {} : { toMs: to }),
});
