import { beforeAll, expect, test } from '@jest/globals';
import type { Database } from 'better-sqlite3';
import * as fc from 'fast-check';
import { periodOf } from '../../../src/accounting/budgets/period.ts';
import { SettledSpend } from '../../../src/accounting/budgets/settled-spend.ts';
import { apply, prepare } from '../../../src/accounting/ledger/apply.ts';
import { recoverHolds } from '../../../src/accounting/ledger/recover.ts';
import { verifyLedger } from '../../../src/accounting/ledger/verify.ts';
import type { Ticket } from '../../../src/accounting/ticket.ts';
import { GatewayError } from '../../../src/errors/gateway-error.ts';
import { openSqlite } from '../../../src/lib/sqlite.ts';
import { emptyBooks } from '../../support/ledger-books.ts';
import { ManualClock } from '../../support/manual-clock.ts';
import { aBudget } from '../../unit/accounting/budgets/fixture.ts';
import { Admission, endOf } from '../../unit/proxy/admission.ts';
import type { Ask } from '../../unit/proxy/admission.ts';
import { settled } from '../../unit/proxy/fixture.ts';
import { SteppedLedger, batchOf } from './stepped-ledger.ts';
import type { Group } from './stepped-ledger.ts';

let file: string;
let database: Database;

beforeAll(async () => {
  ({ file } = await emptyBooks());
});

type Step =
  | { do: 'admit'; tokens: number; isOfTeam: boolean }
  | { do: 'extend' | 'settle'; at: number; percent: number }
  | { do: 'wait'; ms: number }
  | { do: 'commit' | 'fail' };

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    arbitrary: fc.record({
      do: fc.constant('admit' as const),
      tokens: fc.integer({ min: 2, max: 60 }),
      isOfTeam: fc.boolean(),
    }),
    weight: 4,
  },
  {
    arbitrary: fc.record({
      do: fc.constantFrom('settle' as const, 'settle' as const, 'extend' as const),
      at: fc.nat({ max: 6 }),
      percent: fc.nat({ max: 100 }),
    }),
    weight: 4,
  },
  { arbitrary: fc.record({ do: fc.constant('commit' as const) }), weight: 2 },
  { arbitrary: fc.record({ do: fc.constant('fail' as const) }), weight: 1 },
  {
    arbitrary: fc.record({ do: fc.constant('wait' as const), ms: fc.nat({ max: 9 * 3_600_000 }) }),
    weight: 1,
  },
);

/** A process that lives for so many steps, and then dies before its last commit, or before anybody hears of it. */
interface Life {
  steps: Step[];
  isLastCommitWritten: boolean;
}

const lives: fc.Arbitrary<Life[]> = fc.array(
  fc.record({
    steps: fc.array(step, { maxLength: 30, size: 'max' }),
    isLastCommitWritten: fc.boolean(),
  }),
  { minLength: 1, maxLength: 3 },
);

const BUDGETS = [
  { id: 'of-key', scope: 'key', subjectId: 'k1', period: 'none', zone: 'UTC', capNano: 400n },
  {
    id: 'of-team',
    scope: 'team',
    subjectId: 't',
    period: 'daily',
    zone: 'Asia/Kathmandu',
    capNano: 150n,
  },
] as const;

interface Charge {
  nano: bigint;
  atMs: number;
  isOfTeam: boolean;
  outcome: string;
}

interface Running {
  ask: Ask;
  ticket: Ticket;
  heldNano: bigint;
}

/** What must be on disk, by the test's own counting; it outlives every process. */
class Disk {
  readonly held = new Map<string, Charge>();
  readonly charged = new Map<string, Charge>();

  wrote({ holds, records }: Group): void {
    for (const { draft } of holds) {
      const { amountNano: nano, createdAtMs: atMs, teamId } = draft;
      this.held.set(draft.id, { nano, atMs, isOfTeam: teamId !== '', outcome: 'unknown' });
    }
    for (const { id, costNano: nano, outcome } of records) {
      const hold = this.held.get(id);
      if (hold === undefined) throw new Error(`${id} was settled twice, or without a hold`);
      this.held.delete(id);
      this.charged.set(id, { ...hold, nano, outcome });
    }
  }

  /** Who was under way when the process died is charged what is held for it. */
  recovered(): number {
    const orphans = this.held.size;
    for (const [id, hold] of this.held) this.charged.set(id, hold);
    this.held.clear();
    return orphans;
  }

  spent({ scope, period, zone }: (typeof BUDGETS)[number], nowMs: number): bigint {
    const { startMs, endMs } = periodOf(period, zone, nowMs);
    return [...this.charged.values()]
      .filter(
        ({ isOfTeam, atMs }) => (isOfTeam || scope === 'key') && atMs >= startMs && atMs < endMs,
      )
      .reduce((sum, { nano }) => sum + nano, 0n);
  }
}

class Process {
  readonly #ledger = new SteppedLedger(database);
  readonly #real: Admission<SteppedLedger>;
  readonly #disk: Disk;
  readonly #name: string;
  #running: Running[] = [];
  #asked = 0;
  /** Calls whose clients may have seen a byte, and those that were told that the store failed. */
  readonly acknowledged = new Set<string>();
  readonly refused = new Set<string>();

  constructor(name: string, disk: Disk, clock: ManualClock) {
    this.#name = name;
    this.#disk = disk;
    this.#real = new Admission(this.#ledger, clock);
    const spend = new SettledSpend(file, this.#ledger);
    const nowMs = clock.now();
    for (const budget of BUDGETS) {
      const { scope, subjectId, period, zone, capNano } = budget;
      const settledNano = spend.of(scope, subjectId, periodOf(period, zone, nowMs));
      expect(settledNano).toBe(disk.spent(budget, nowMs));
      // No process let more through than there was, so that nothing that was recovered passes a cap.
      expect(settledNano).toBeLessThanOrEqual(capNano);
      this.#real.budgets.put(aBudget({ ...budget, settledNano }), nowMs);
    }
    spend.close();
  }

  async live({ steps, isLastCommitWritten }: Life): Promise<Group> {
    for (const one of steps) {
      this.#take(one);
      await settled();
      this.#expectWithinCaps();
    }
    const last = isLastCommitWritten ? this.#ledger.write() : { holds: [], records: [] };
    this.#disk.wrote(last);
    return last;
  }

  #take(one: Step): void {
    const running = 'at' in one ? this.#running.at(-1 - one.at) : undefined;
    switch (one.do) {
      case 'admit':
        return this.#admit(one.tokens, one.isOfTeam);
      case 'extend':
        // A call produces nothing before its hold is written.
        if (running === undefined || !this.acknowledged.has(running.ask.id)) return;
        if (!running.ticket.holdsAtLeast(running.heldNano + BigInt(one.percent), 0n)) return;
        running.heldNano += BigInt(one.percent);
        return;
      case 'settle':
        if (running === undefined) return;
        this.#running = this.#running.filter((other) => other !== running);
        return running.ticket.settle(
          endOf(running.ask, Number((running.heldNano * BigInt(one.percent)) / 100n)),
        );
      case 'wait':
        return this.#real.clock.advance(one.ms);
      case 'commit':
        return this.#disk.wrote(this.#ledger.commit());
      case 'fail':
        return this.#ledger.fail();
    }
  }

  #admit(tokens: number, isOfTeam: boolean): void {
    this.#asked += 1;
    const id = `${this.#name}-${this.#asked}`;
    const key = { id: 'k1', teamId: isOfTeam ? 't' : '', userId: '', limits: [] };
    const ask: Ask = { id, key, tokens, isCallers: false, slowMs: 0 };
    try {
      const ticket = this.#real.admit(ask);
      this.#running.push({ ask, ticket, heldNano: BigInt(tokens) });
      ticket.durable.then(
        () => this.acknowledged.add(id),
        () => this.refused.add(id),
      );
    } catch (error) {
      if (!(error instanceof GatewayError)) throw error;
    }
  }

  #expectWithinCaps(): void {
    for (const { id, capNano } of BUDGETS) {
      const explained = this.#real.budgets.explain(id, this.#real.clock.now());
      expect(explained?.sumNano).toBeLessThanOrEqual(capNano);
    }
  }
}

const recordsOf = () =>
  database
    .prepare<[], { id: string; outcome: string; cost: string }>(
      'select id, outcome, cast(cost_nano as text) as cost from usage_records order by id',
    )
    .all()
    .map(({ id, outcome, cost }) => `${id} ${outcome} ${cost}`);

function emptyTables(): void {
  const usage = ['usage_rollups', 'usage_totals', 'usage_lines', 'usage_quarters'];
  for (const table of ['holds', 'usage_records', ...usage, 'spend_rollups', 'events'])
    database.exec(`delete from ${table}`);
}

test('whenever a process dies, what it let in is charged once, at its cost or its hold, and no cap is passed', async () => {
  database = openSqlite(file);
  // A process that dies is not a machine that does: what was written is there.
  database.pragma('synchronous = OFF');
  try {
    await fc.assert(
      fc.asyncProperty(lives, async (all) => {
        emptyTables();
        const [disk, clock] = [new Disk(), new ManualClock()];
        for (const [number, life] of all.entries()) {
          const process = new Process(`life-${number}`, disk, clock);
          const last = await process.live(life);
          const orphans = disk.recovered();
          expect(recoverHolds(database, clock.now())).toBe(orphans);
          const expected = [...disk.charged].map(
            ([id, { nano, outcome }]) => `${id} ${outcome} ${nano}`,
          );
          expect(recordsOf()).toEqual(expected.toSorted());
          for (const id of process.acknowledged) expect(disk.charged.has(id)).toBe(true);
          for (const id of process.refused) expect(disk.charged.has(id)).toBe(false);
          const { findings, costNano, openHolds } = verifyLedger(database, false);
          expect({ findings, openHolds }).toEqual({ findings: [], openHolds: 0 });
          const charges = [...disk.charged.values()];
          expect(costNano).toBe(charges.reduce((sum, { nano }) => sum + nano, 0n));
          // A second recovery, or the last batch once more, changes nothing.
          expect(recoverHolds(database, clock.now())).toBe(0);
          apply(prepare(database), { holds: [], settlements: batchOf(last).settlements });
          expect(recordsOf()).toEqual(expected.toSorted());
        }
      }),
      { numRuns: 60 },
    );
  } finally {
    database.close();
  }
});
