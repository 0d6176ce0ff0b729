import type { RouteNote } from '../entities/call-record.ts';
import type { Clock } from '../lib/clock.ts';
import type { Random } from '../lib/random.ts';
import { Lease } from '../pool/lease.ts';
import type { Member } from '../pool/member.ts';
import type { Candidates, Excluded, Pool } from '../pool/pool.ts';
import type { Served } from '../pool/served.ts';
import { strategies } from '../routing/index.ts';
import type { Strategy } from '../routing/strategy.ts';

/** The credentials to try for one call, in order. */
export interface Route {
  /** For the record. */
  readonly note: RouteNote;
  /** The caller's own credential is used: what comes of it is the caller's. */
  readonly isCallers: boolean;
  /** The next credential that can serve, taken for one attempt; null when there is none left. */
  next(): Lease | null;
  /** The credential refused for its own fault: who is selected instead, if that follows. */
  failed(member: Member): Member | null;
  /** The tokens really used replace the estimate in the pool's limit of the model. */
  settle(tokens: number): void;
  /** When a credential that is merely limited may serve again (wall clock); null when none is. */
  limitedUntil(): number | null;
}

/** What a pool's route is chosen by. */
export interface RouteRequest {
  pool: Pool;
  /** How each member serves the model. */
  served: ReadonlyMap<string, Served>;
  /** Estimate, for limits of tokens. */
  tokens: number;
  costOf(member: Member): bigint | null;
}

export interface RouteParts {
  clock: Clock;
  random: Random;
}

/** A record names so many credentials; a pool may have more. */
const NOTED_MAX = 20;

/**
 * The pool's candidates as its strategy orders them, chosen once and taken one by one. What happened
 * to them in the meantime is obeyed when their turn comes.
 */
export class PoolRoute implements Route {
  readonly isCallers = false;
  readonly note: RouteNote;
  readonly #request: RouteRequest;
  readonly #parts: RouteParts;
  readonly #strategy: Strategy;
  #excluded: Excluded[] = [];
  #isPanic = false;
  /** Chosen when the first is asked for: a call that is not admitted takes nobody's turn. */
  #order: Member[] | undefined;
  #next = 0;
  /** Room taken of the pool's limits, by upstream model; the last is that of the attempt under way. */
  readonly #taken = new Map<string, (tokens: number, nowMs: number) => void>();
  #upstream = '';

  constructor(request: RouteRequest, parts: RouteParts) {
    this.#request = request;
    this.#parts = parts;
    this.#strategy = strategyOf(request.pool);
    this.note = { strategy: request.pool.strategy, order: [], excluded: [] };
  }

  next(): Lease | null {
    const { pool } = this.#request;
    this.#order ??= this.#choose();
    for (const member of this.#order.slice(this.#next)) {
      this.#next += 1;
      const need = this.#need(member);
      // The pool's own limit of the model is one call's, however many credentials it tries.
      const { upstream } = need.served;
      const waitMs = this.#taken.has(upstream)
        ? 0
        : pool.modelLimits.waitMs(need.served, need.tokens, need.monotonicMs);
      const taken =
        waitMs > 0
          ? { member, reason: 'limited' as const, untilMs: need.nowMs + waitMs }
          : pool.take(member, need, this.#isPanic);
      if (taken instanceof Lease) {
        if (!this.#taken.has(upstream)) {
          const settle = pool.modelLimits.take(need.served, need.tokens, need.monotonicMs);
          this.#taken.set(upstream, settle);
        }
        this.#upstream = upstream;
        return taken;
      }
      this.#excluded.push(taken);
      if (this.note.excluded.length < NOTED_MAX) this.note.excluded.push(noteExcluded(taken));
    }
    return null;
  }

  failed(member: Member): Member | null {
    const { pool, served, tokens } = this.#request;
    const { clock } = this.#parts;
    const call = { tokens, nowMs: clock.now(), monotonicMs: clock.monotonic() };
    let usable: ReadonlySet<Member> | undefined;
    const isUsable = (one: Member) => {
      usable ??= new Set(pool.candidates(served, call).usable);
      return usable.has(one);
    };
    return (
      this.#strategy.failed?.(member, { all: pool.members, state: pool.turn, isUsable }) ?? null
    );
  }

  settle(tokens: number): void {
    const nowMs = this.#parts.clock.monotonic();
    for (const [upstream, settle] of this.#taken) {
      settle(upstream === this.#upstream ? tokens : 0, nowMs);
    }
  }

  limitedUntil(): number | null {
    const { pool, served, tokens } = this.#request;
    const { clock } = this.#parts;
    const call = { tokens, nowMs: clock.now(), monotonicMs: clock.monotonic() };
    // Asked anew: this call's own attempts have changed what was known at first.
    const now = pool.candidates(served, call).excluded;
    const limited = [...now, ...this.#excluded.filter(({ reason }) => reason === 'limited')]
      .filter(({ reason }) => reason === 'cooling' || reason === 'limited')
      .map(({ untilMs }) => untilMs);
    return limited.length === 0 ? null : Math.min(...limited);
  }

  #choose(): Member[] {
    const { pool, served, tokens, costOf } = this.#request;
    const { clock, random } = this.#parts;
    const monotonicMs = clock.monotonic();
    const candidates = pool.candidates(served, { tokens, nowMs: clock.now(), monotonicMs });
    const draws: number[] = [];
    const order = this.#strategy.order(candidates.usable, {
      all: pool.members,
      state: pool.turn,
      random: () => {
        const drawn = random();
        draws.push(drawn);
        return drawn;
      },
      minCreditNano: pool.minCreditNano,
      costOf,
      latencyOf: (member) =>
        member.latencies.recent(served.get(member.id)?.upstream ?? '', monotonicMs),
    });
    this.#isPanic = candidates.isPanic;
    this.#excluded = [...candidates.excluded, ...unordered(candidates, order)];
    const { note } = this;
    note.order = order.slice(0, NOTED_MAX).map(({ id }) => id);
    note.excluded = this.#excluded.slice(0, NOTED_MAX).map(noteExcluded);
    if (draws.length > 0) note.draws = draws;
    if (candidates.isPanic) note.isPanic = true;
    return order;
  }

  #need(member: Member) {
    const { served, tokens } = this.#request;
    const { clock } = this.#parts;
    const how = served.get(member.id);
    if (how === undefined) throw new Error('a candidate serves the model');
    return { served: how, tokens, nowMs: clock.now(), monotonicMs: clock.monotonic() };
  }
}

function strategyOf({ strategy: name }: Pool): Strategy {
  const strategy = strategies.get(name);
  if (strategy === undefined) throw new Error(`no strategy is called ${name}`);
  return strategy;
}

/** Usable, but left out by the strategy: it goes by balances and knows none. */
function unordered({ usable }: Candidates, order: readonly Member[]): Excluded[] {
  if (order.length === usable.length) return [];
  const ordered = new Set(order);
  return usable
    .filter((member) => !ordered.has(member))
    .map((member) => ({ member, reason: 'unknown_balance', untilMs: Infinity }));
}

const noteExcluded = ({ member, reason, untilMs }: Excluded) => ({
  credential: member.id,
  reason,
  ...(Number.isFinite(untilMs) ? { untilMs: Math.round(untilMs) } : {}),
});
