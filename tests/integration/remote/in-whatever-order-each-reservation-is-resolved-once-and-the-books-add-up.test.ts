import { beforeAll, expect, test } from '@jest/globals';
import type { Database } from 'better-sqlite3';
import * as fc from 'fast-check';
import { BudgetBook } from '../../../src/accounting/budgets/budget-book.ts';
import type { SettledOf } from '../../../src/accounting/budgets/live-budget.ts';
import { periodOf } from '../../../src/accounting/budgets/period.ts';
import { SettledSpend } from '../../../src/accounting/budgets/settled-spend.ts';
import { recoverHolds } from '../../../src/accounting/ledger/recover.ts';
import { verifyLedger } from '../../../src/accounting/ledger/verify.ts';
import { Limits } from '../../../src/accounting/limits.ts';
import { PriceBook } from '../../../src/accounting/prices/price-book.ts';
import { RELEASE } from '../../../src/accounting/remote/ending.ts';
import type { EndAsked, LateEnd } from '../../../src/accounting/remote/ending.ts';
import { endLate } from '../../../src/accounting/remote/late.ts';
import { fingerprintOf } from '../../../src/accounting/remote/remote-asked.ts';
import { RemoteCalls } from '../../../src/accounting/remote/remote-calls.ts';
import { openDatabase } from '../../../src/database.ts';
import type { OpenDatabase } from '../../../src/database.ts';
import { noUsage } from '../../../src/entities/usage.ts';
import { GatewayError } from '../../../src/errors/gateway-error.ts';
import { openSqlite } from '../../../src/lib/sqlite.ts';
import { emptyBooks } from '../../support/ledger-books.ts';
import { ManualClock } from '../../support/manual-clock.ts';
import { aBudget } from '../../unit/accounting/budgets/fixture.ts';
import { settled } from '../../unit/proxy/fixture.ts';
import { SteppedWriter } from './stepped-writer.ts';

let file: string;
let orm: OpenDatabase['orm'];
let database: Database;

beforeAll(async () => {
  const books = await emptyBooks();
  ({ file } = books);
  ({ orm } = await openDatabase(books.dataDir));
});

type Step =
  | { do: 'reserve'; name: number; nano: number; minutes: number; isCharged: boolean }
  | { do: 'record'; name: number; nano: number; hoursAgo: number }
  | { do: 'settle' | 'extend'; at: number; nano: number }
  | { do: 'release'; at: number }
  | { do: 'wait'; minutes: number }
  | { do: 'commit' | 'hear' | 'fail' };

const name = fc.nat({ max: 7 });
const nano = fc.nat({ max: 90 });
const at = fc.nat({ max: 5 });
const minutes = fc.integer({ min: 1, max: 500 });

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    arbitrary: fc.record({
      do: fc.constant('reserve' as const),
      name,
      nano,
      minutes,
      isCharged: fc.boolean(),
    }),
    weight: 5,
  },
  {
    arbitrary: fc.record({
      do: fc.constant('record' as const),
      name,
      nano: fc.nat({ max: 20 }),
      hoursAgo: fc.nat({ max: 40 }),
    }),
    weight: 2,
  },
  {
    arbitrary: fc.record({ do: fc.constantFrom('settle' as const, 'extend' as const), at, nano }),
    weight: 5,
  },
  { arbitrary: fc.record({ do: fc.constant('release' as const), at }), weight: 2 },
  { arbitrary: fc.record({ do: fc.constant('wait' as const), minutes }), weight: 2 },
  {
    arbitrary: fc.record({
      do: fc.constantFrom('commit' as const, 'commit' as const, 'hear' as const, 'fail' as const),
    }),
    weight: 5,
  },
);

/** A process that lives for so many steps, and then dies before its last commit, or before anybody hears of it. */
interface Life {
  steps: Step[];
  isLastCommitWritten: boolean;
}

const lives: fc.Arbitrary<Life[]> = fc.array(
  fc.record({
    steps: fc.array(step, { maxLength: 40, size: 'max' }),
    isLastCommitWritten: fc.boolean(),
  }),
  { minLength: 1, maxLength: 3 },
);

const BUDGETS = [
  { id: 'of-key', scope: 'key', subjectId: 'k1', period: 'none', zone: 'UTC', capNano: 200n },
  {
    id: 'of-team',
    scope: 'team',
    subjectId: 't',
    period: 'daily',
    zone: 'Asia/Kathmandu',
    capNano: 120n,
  },
] as const;

const CALL = {
  keyId: 'k1',
  poolId: 'p',
  userId: '',
  teamId: 't',
  provider: '',
  model: 'm',
  endpoint: 'external',
  actor: 'token:a',
};

/** What services were told; it outlives every process. */
class Told {
  /** By name: the id that a name has, and what was asked under it. */
  readonly named = new Map<string, { id: string; fingerprint: string }>();
  /** What each was charged, by whoever was told that it was. */
  readonly costs = new Map<string, bigint>();
  readonly ids: string[] = [];

  /** Answers to the same question are the same, whichever process gives them. */
  opened(id: string, asked: { idempotencyId: string; fingerprint: string }, isRepeat: boolean) {
    const known = this.named.get(asked.idempotencyId);
    const { fingerprint } = asked;
    if (known === undefined) this.named.set(asked.idempotencyId, { id, fingerprint });
    else expect({ id, fingerprint, isRepeat }).toEqual({ ...known, isRepeat: true });
    if (!this.ids.includes(id)) this.ids.push(id);
  }

  refused(error: unknown, asked: { idempotencyId: string; fingerprint: string }): void {
    if (!(error instanceof GatewayError)) throw error;
    const known = this.named.get(asked.idempotencyId);
    // What was answered once is answered again; only the store may be away.
    const allowed =
      known === undefined
        ? ['conflict', 'insufficient_quota', 'storage_unavailable']
        : known.fingerprint === asked.fingerprint
          ? ['storage_unavailable']
          : ['conflict', 'storage_unavailable'];
    expect(allowed).toContain(error.code);
  }

  ended(id: string, costNano: bigint): void {
    const known = this.costs.get(id);
    expect(known ?? costNano).toBe(costNano);
    this.costs.set(id, costNano);
  }
}

class Process {
  readonly #writer = new SteppedWriter(database);
  readonly #budgets = new BudgetBook(() => undefined);
  readonly #spend = new SettledSpend(file, this.#writer);
  readonly #remote: RemoteCalls;
  readonly #clock: ManualClock;
  readonly #told: Told;
  #unheard: { told(): void } | null = null;
  #late: Promise<unknown> = Promise.resolve();
  /** A process that is dead tells nobody anything. */
  #isDead = false;

  constructor(told: Told, clock: ManualClock) {
    this.#told = told;
    this.#clock = clock;
    for (const budget of BUDGETS) {
      this.#budgets.put(aBudget({ ...budget, settledNano: this.#onDisk(budget) }), clock.now());
    }
    this.#remote = new RemoteCalls({
      file,
      clock,
      ledger: this.#writer,
      budgets: this.#budgets,
      limits: new Limits(),
      prices: { book: () => new PriceBook([]), kinds: new Map() },
      onRecorded: () => undefined,
    });
    this.#remote.resume(this.#spend);
    this.#expectOneTruth();
  }

  async live({ steps, isLastCommitWritten }: Life): Promise<void> {
    for (const one of steps) {
      await this.#take(one);
      await settled();
      await this.#late;
      await settled();
      this.#expectSums();
      if (this.#writer.isIdle) this.#expectOneTruth();
    }
    if (isLastCommitWritten && this.#unheard === null) this.#writer.write();
    this.#isDead = true;
    this.#remote.stop();
    this.#remote.close();
    this.#spend.close();
  }

  async #take(one: Step): Promise<void> {
    const id = 'at' in one ? this.#told.ids.at(-1 - one.at) : undefined;
    switch (one.do) {
      case 'reserve':
        return this.#reserve(one);
      case 'record':
        return this.#record(one);
      case 'extend':
        return id === undefined ? undefined : this.#extend(id, BigInt(one.nano));
      case 'settle': {
        const costNano = BigInt(one.nano);
        const fingerprint = fingerprintOf('settle', costNano);
        const asked = { kind: 'settle', fingerprint, usage: noUsage(), costNano } as const;
        return id === undefined ? undefined : this.#end(id, asked, costNano);
      }
      case 'release':
        return id === undefined ? undefined : this.#end(id, RELEASE, 0n);
      case 'wait':
        return this.#clock.advance(one.minutes * 60_000);
      case 'commit':
        this.#hear();
        this.#unheard = this.#writer.write();
        return;
      case 'hear':
        return this.#hear();
      case 'fail':
        this.#hear();
        return this.#writer.fail();
    }
  }

  #hear(): void {
    this.#unheard?.told();
    this.#unheard = null;
  }

  #reserve({ name: number, nano: amount, ...more }: Step & { do: 'reserve' }): void {
    const amountNano = BigInt(amount);
    const asked = {
      ...CALL,
      idempotencyId: `name-${number}`,
      fingerprint: fingerprintOf('reservation', amountNano, more),
      expiresInMs: more.minutes * 60_000,
      onExpiry: more.isCharged ? 'charge' : 'release',
    } as const;
    const before = this.#enforced();
    const answer = this.#remote.reservations.reserve(asked, () => ({ amountNano, priceId: '' }));
    // In the very step: what it holds fits under every cap.
    for (const [index, enforced] of this.#enforced().entries()) {
      const capNano = BUDGETS[index]?.capNano ?? 0n;
      if (enforced > (before[index] ?? 0n)) expect(enforced).toBeLessThanOrEqual(capNano);
    }
    answer.then(
      ({ reservation, isRepeat }) => {
        if (!this.#isDead) this.#told.opened(reservation.id, asked, isRepeat);
      },
      (error: unknown) => this.#told.refused(error, asked),
    );
  }

  #record({ name: number, nano: cost, hoursAgo }: Step & { do: 'record' }): void {
    const costNano = BigInt(cost);
    const usedAtMs = hoursAgo === 0 ? null : this.#clock.now() - hoursAgo * 3_600_000;
    const asked = {
      ...CALL,
      idempotencyId: `usage-${number}`,
      fingerprint: fingerprintOf('usage', costNano, hoursAgo),
      usage: noUsage(),
      costNano,
      usedAtMs,
      limits: [],
    };
    this.#remote.recordings.record(asked).then(
      ({ id, isRepeat, costNano: charged }) => {
        if (this.#isDead) return;
        this.#told.opened(id, asked, isRepeat);
        this.#told.ended(id, charged);
      },
      (error: unknown) => this.#told.refused(error, asked),
    );
  }

  #extend(id: string, amountNano: bigint): void {
    this.#remote.reservations
      .extend(id, { amountNano, expiresInMs: 60_000 })
      .then(undefined, expectRefusal);
  }

  #end(id: string, asked: EndAsked, costNano: bigint): void {
    const end = async (): Promise<void> => {
      const ended = await this.#remote.reservations.end(id, asked);
      if (this.#isDead) return;
      if ('reservation' in ended) {
        this.#told.ended(id, ended.reservation.costNano ?? -1n);
        return;
      }
      const late = this.#endLate(ended);
      this.#late = Promise.all([this.#late, late]);
      await late;
      await end();
      expect(this.#told.costs.get(id)).toBe(costNano);
    };
    end().catch(expectRefusal);
  }

  async #endLate(late: LateEnd): Promise<void> {
    const facts = { actor: 'a', note: null, atMs: this.#clock.now() };
    await orm.em.fork().transactional((tx) => endLate(tx, late, facts));
    for (const { id } of BUDGETS) {
      this.#budgets.recount(id, this.#settledOf, this.#clock.now());
    }
  }

  readonly #settledOf: SettledOf = ({ scope, subjectId }, period) =>
    this.#spend.of(scope, subjectId, period);

  #onDisk({ scope, subjectId, period, zone }: (typeof BUDGETS)[number]): bigint {
    return this.#spend.of(scope, subjectId, periodOf(period, zone, this.#clock.now()));
  }

  #enforced(): bigint[] {
    const nowMs = this.#clock.now();
    return BUDGETS.map(({ id }) => this.#budgets.explain(id, nowMs)?.enforcedNano ?? -1n);
  }

  #expectSums(): void {
    for (const { id } of BUDGETS) {
      const explained = this.#budgets.explain(id, this.#clock.now());
      expect(explained?.sumNano).toBe(explained?.enforcedNano);
    }
  }

  /** Memory and disk say the same, when nothing is on its way. */
  #expectOneTruth(): void {
    const nowMs = this.#clock.now();
    for (const budget of BUDGETS) {
      const { startMs } = periodOf(budget.period, budget.zone, nowMs);
      const explained = this.#budgets.explain(budget.id, nowMs);
      expect(explained?.settledNano).toBe(this.#onDisk(budget));
      const held = explained?.holds.map(({ id, amountNano }) => [id, amountNano] as const);
      expect(new Map(held)).toEqual(new Map(heldSince(startMs)));
    }
  }
}

const heldSince = (startMs: number): [string, bigint][] =>
  database
    .prepare<[number], { id: string; amount: string }>(
      'select id, cast(amount_nano as text) as amount from holds where created_at_ms >= ?',
    )
    .all(startMs)
    .map(({ id, amount }) => [id, BigInt(amount)]);

/** Of what was open, or not: never of anything else. */
function expectRefusal(error: unknown): void {
  if (!(error instanceof GatewayError)) throw error;
  const codes = ['conflict', 'failed_precondition', 'insufficient_quota', 'not_found'];
  expect([...codes, 'storage_unavailable']).toContain(error.code);
}

function emptyTables(): void {
  const usage = ['usage_rollups', 'usage_totals', 'usage_lines', 'usage_quarters'];
  const calls = ['holds', 'usage_records', 'adjustments', 'remote_calls'];
  for (const table of [...calls, ...usage, 'spend_rollups', 'events'])
    database.exec(`delete from ${table}`);
}

const costsOnDisk = () =>
  new Map(
    database
      .prepare<[], { id: string; cost: string }>(
        `select id, cast(cost_nano + (select coalesce(sum(delta_nano), 0) from adjustments
           where request_id = usage_records.id) as text) as cost from usage_records`,
      )
      .all()
      .map(({ id, cost }) => [id, BigInt(cost)] as const),
  );

test('whatever happens in whatever order, and whenever a process dies: each is resolved once, and what services were told is so', async () => {
  database = openSqlite(file);
  database.pragma('synchronous = OFF');
  try {
    await fc.assert(
      fc.asyncProperty(lives, async (all) => {
        emptyTables();
        const [told, clock] = [new Told(), new ManualClock()];
        for (const life of all) {
          await new Process(told, clock).live(life);
          await settled();
          // Nothing of theirs is an orphan.
          expect(recoverHolds(database, clock.now())).toBe(0);
          const { findings, openHolds } = verifyLedger(database, false);
          expect({ findings, openHolds }).toEqual({ findings: [], openHolds: 0 });
          const costs = costsOnDisk();
          for (const [id, cost] of told.costs) expect(costs.get(id)).toBe(cost);
          const open = new Set(heldSince(0).map(([id]) => id));
          for (const id of told.ids) expect(costs.has(id)).toBe(!open.has(id));
        }
      }),
      { numRuns: 100 },
    );
  } finally {
    database.close();
    await orm.close();
  }
});
