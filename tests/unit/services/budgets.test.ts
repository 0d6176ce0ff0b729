import { beforeEach, describe, expect, test } from '@jest/globals';
import { apply, prepare } from '../../../src/accounting/ledger/apply.ts';
import { holdRow, recordRow } from '../../../src/accounting/ledger/rows.ts';
import type { HoldDraft } from '../../../src/entities/call-record.ts';
import { openSqlite } from '../../../src/lib/sqlite.ts';
import type { BudgetService } from '../../../src/services/budgets.ts';
import { takenIn } from '../../../src/services/spend.ts';
import { aHold, aRecord } from '../../support/ledger-books.ts';
import { aCredential, openOffice } from './fixture.ts';
import type { Office } from './fixture.ts';
import { CLI } from '../../../src/services/actor.ts';

const DAY_MS = 86_400_000;
const MINUTE_MS = 60_000;

let office: Office;
let budgets: BudgetService;
let keyId = '';
let poolId = '';
let userId = '';
let teamId = '';

beforeEach(async () => {
  office = await openOffice();
  ({ budgets } = office.space);
  await office.configure([{ name: 'main', credentials: [aCredential('one')] }]);
  userId = (await office.space.users.create(CLI, { name: 'ann' })).id;
  teamId = (await office.space.teams.create(CLI, { name: 'research' })).id;
  const owners = { user: 'ann', team: 'research' };
  const { virtualKey } = await office.space.keys.create(CLI, { name: 'phone', ...owners });
  ({ id: keyId, poolId } = virtualKey);
});

/** A call of the key as the ledger writes it: held, and settled if it has a cost. */
function call(createdAtMs: number, amountNano: bigint, costNano?: bigint): HoldDraft {
  const hold = aHold({ keyId, poolId, userId, teamId, createdAtMs, amountNano });
  const record = aRecord(hold, { userId, teamId, costNano: costNano ?? 0n });
  const database = openSqlite(office.space.file);
  const settlements = costNano === undefined ? [] : [recordRow(record)];
  apply(prepare(database), { holds: [holdRow(hold, 'test')], settlements });
  database.close();
  return hold;
}

const phone = () => ({ scope: 'key', subject: keyId.slice(0, -1), cap: '1.50' }) as const;

describe('a budget is set', () => {
  test('with terms that say all, for whoever it is for', async () => {
    const { budget, subject } = await budgets.set(CLI, { ...phone(), name: 'pocket' });
    expect(subject).toBe('phone');
    expect(budget).toMatchObject({
      scope: 'key',
      subjectId: keyId,
      name: 'pocket',
      capNano: 1_500_000_000n,
      period: 'monthly',
      zone: 'UTC',
      isHard: true,
      isStrict: false,
      alertPercents: [],
      isEnabled: true,
    });
    for (const [scope, name, id] of [
      ['user', 'ann', userId],
      ['team', 'research', teamId],
      ['pool', 'main', poolId],
    ] as const) {
      for (const [period, text] of [
        ['daily', name],
        ['weekly', id],
      ] as const) {
        const set = await budgets.set(CLI, { scope, subject: text, cap: 0, period });
        expect(set).toMatchObject({ subject: name, budget: { subjectId: id, capNano: 0n } });
      }
    }
    const [event] = await office.events('budget.set');
    expect(event).toMatchObject({
      subject: budget.id,
      before: null,
      after: { scope: 'key', subjectId: keyId, cap: '1.50', name: 'pocket' },
    });
  });

  test.each([
    ['0.000000001', 1n],
    [0.1, 100_000_000n],
    [' 25 ', 25_000_000_000n],
    ['1000000000', 10n ** 18n],
  ])('at %s dollars, exactly', async (cap, capNano) => {
    await budgets.set(CLI, { ...phone(), cap });
    expect(await budgets.list(CLI)).toMatchObject([{ budget: { capNano } }]);
  });

  test('once for each period: again it is changed, and what is absent stays', async () => {
    const zone = 'Europe/Berlin';
    const alertPercents = [100, 50, 50, 99.5];
    const first = await budgets.set(CLI, { ...phone(), zone, isHard: false, alertPercents });
    const again = await budgets.set(CLI, { ...phone(), cap: 2, isStrict: true });
    expect(again.budget).toMatchObject({
      id: first.budget.id,
      capNano: 2_000_000_000n,
      zone,
      isHard: false,
      isStrict: true,
      alertPercents: [50, 99.5, 100],
    });
    await budgets.set(CLI, { ...phone(), period: 'daily' });
    expect(await budgets.list(CLI)).toHaveLength(2);
    expect(await office.events('budget.')).toMatchObject([
      { type: 'budget.set' },
      { type: 'budget.updated', before: { cap: '1.50' }, after: { cap: '2.00' } },
      { type: 'budget.set' },
    ]);
  });

  test('once, however many set it at once', async () => {
    const caps = Array.from({ length: 20 }, (_, index) => index);
    await Promise.all(caps.map((cap) => budgets.set(CLI, { ...phone(), cap })));
    expect(await budgets.list(CLI)).toHaveLength(1);
  });

  test('only with all in order: every mistake is named', async () => {
    const wrong = {
      scope: 'org',
      subject: '',
      cap: '-1',
      period: 'yearly',
      zone: 'Europe/Nowhere',
      alertPercents: [0, 50.00001],
      limit: 3,
    };
    const failure = await budgets.set(CLI, wrong as never).catch(String);
    for (const part of [
      'scope: ',
      'subject: ',
      'cap: must be an amount in dollars',
      'period: ',
      'zone: there is no time zone "Europe/Nowhere"',
      'alertPercents.0: ',
      'alertPercents.1: must not be finer',
      '"limit"',
    ]) {
      expect(failure).toContain(part);
    }
    for (const cap of ['', 'ten', '1,5', '1000000000.1', Number.NaN]) {
      await expect(budgets.set(CLI, { ...phone(), cap })).rejects.toThrow('cap: ');
    }
    const nobody = budgets.set(CLI, { scope: 'team', subject: 'nobody', cap: 1 });
    await expect(nobody).rejects.toThrow('There is no team called nobody.');
    expect(await budgets.list(CLI)).toEqual([]);
  });
});

test('a budget is changed by the start of its id, but not into another of its subject', async () => {
  const { budget } = await budgets.set(CLI, phone());
  const { budget: daily } = await budgets.set(CLI, { ...phone(), period: 'daily' });
  const start = budget.id.slice(0, -1);
  await budgets.update(CLI, budget.id, { isEnabled: false, cap: '0' });
  expect((await budgets.list(CLI))[0]?.budget).toMatchObject({ isEnabled: false, capNano: 0n });
  await expect(budgets.update(CLI, budget.id, { period: 'daily' })).rejects.toMatchObject({
    code: 'conflict',
    message: `This key has a daily budget already: ${daily.id}`,
  });
  await budgets.remove(CLI, daily.id);
  await expect(budgets.update(CLI, daily.id, { cap: 1 })).rejects.toThrow('Budget not found');
  await budgets.update(CLI, start, { period: 'daily' });
  expect(await budgets.list(CLI)).toMatchObject([{ budget: { id: budget.id, period: 'daily' } }]);
  expect(await office.events('budget.removed')).toMatchObject([
    { subject: daily.id, before: { cap: '1.50', period: 'daily' }, after: null },
  ]);
});

describe('what is taken', () => {
  test('is what was settled and is held in the current period, for every kind of subject', async () => {
    const nowMs = office.clock.now();
    call(nowMs - 40 * DAY_MS, 9n, 7n);
    call(nowMs, 500n, 400n);
    call(nowMs, 30n);
    for (const [scope, subject] of [
      ['key', keyId],
      ['user', 'ann'],
      ['team', 'research'],
      ['pool', 'main'],
    ] as const) {
      await budgets.set(CLI, { scope, subject, cap: '0.000001' });
      await budgets.set(CLI, { scope, subject, cap: '0.0000004', period: 'none' });
    }
    const standings = await budgets.list(CLI);
    expect(standings).toHaveLength(8);
    for (const { budget, settledNano, heldNano, remainingNano, resetsAtMs } of standings) {
      const isEndless = budget.period === 'none';
      expect({ settledNano, heldNano }).toEqual({
        settledNano: isEndless ? 407n : 400n,
        heldNano: 30n,
      });
      // More than the cap may be taken, and is then told.
      expect(remainingNano).toBe(isEndless ? -37n : 570n);
      expect(resetsAtMs === null).toBe(isEndless);
    }
  });

  test('begins anew with the period, and is another’s no more', async () => {
    call(office.clock.now(), 500n, 400n);
    await budgets.set(CLI, phone());
    office.clock.advance(32 * DAY_MS);
    expect(await budgets.list(CLI)).toMatchObject([{ settledNano: 0n, heldNano: 0n }]);
    const ever = { startMs: 0, endMs: Number.POSITIVE_INFINITY };
    const settledBy = async (subjectId: string) =>
      (
        await takenIn(
          office.space.reader,
          { scope: 'key', subjectId, ...ever },
          { isProved: false },
        )
      ).settledNano;
    expect(await settledBy(keyId)).toBe(400n);
    expect(await settledBy(userId)).toBe(0n);
  });

  test('is summed without loss beyond what a double holds', async () => {
    const cents = 9_007_199_254_740_993n;
    const nowMs = office.clock.now();
    call(nowMs, cents, cents);
    call(nowMs, 1n, 1n);
    const { settledNano } = await budgets.set(CLI, { ...phone(), period: 'none' });
    expect(settledNano).toBe(cents + 1n);
  });

  test('is explained by holds and proved by records', async () => {
    const nowMs = office.clock.now();
    call(nowMs, 500n, 400n);
    const first = call(nowMs - 5, 20n);
    const second = call(nowMs, 30n);
    const { budget } = await budgets.set(CLI, { ...phone(), period: 'none' });
    office.clock.advance(MINUTE_MS);
    const told = await budgets.explain(CLI, budget.id.slice(0, -1));
    expect(told).toMatchObject({
      subject: 'phone',
      settledNano: 400n,
      heldNano: 50n,
      recordedNano: 400n,
      isEqual: true,
      holds: [
        { id: first.id, key: 'phone', model: first.model, amountNano: 20n },
        { id: second.id, key: 'phone', model: second.model, amountNano: 30n },
      ],
    });
    expect(told.holds[0]?.ageMs).toBeGreaterThanOrEqual(MINUTE_MS + 5);
  });

  test('is told while the ledger writes, and keeps nobody from writing', async () => {
    const { budget } = await budgets.set(CLI, phone());
    const database = openSqlite(office.space.file);
    database.exec('begin immediate');
    try {
      expect(await budgets.list(CLI)).toHaveLength(1);
      expect(await budgets.explain(CLI, budget.id)).toMatchObject({ isEqual: true });
    } finally {
      database.exec('rollback');
      database.close();
    }
  });

  test('that the records do not sum to is said to differ', async () => {
    call(office.clock.now(), 500n, 400n);
    const { budget } = await budgets.set(CLI, phone());
    const database = openSqlite(office.space.file);
    database.exec(`update spend_rollups set cost_nano = 401 where scope = 'key'`);
    database.close();
    expect(await budgets.explain(CLI, budget.id)).toMatchObject({
      settledNano: 401n,
      recordedNano: 400n,
      isEqual: false,
    });
  });

  test('keeps its name when the key is deleted', async () => {
    await budgets.set(CLI, phone());
    await office.space.keys.remove(CLI, keyId);
    expect(await budgets.list(CLI)).toMatchObject([{ subject: 'phone' }]);
  });
});
