import { beforeEach, describe, expect, test } from '@jest/globals';
import { apply, prepare } from '../../../src/accounting/ledger/apply.ts';
import { holdRow, recordRow, remoteRow } from '../../../src/accounting/ledger/rows.ts';
import { verifyLedger } from '../../../src/accounting/ledger/verify.ts';
import { configRows } from '../../../src/accounting/prices/config-price.ts';
import type { ConfigPrice } from '../../../src/accounting/prices/config-price.ts';
import { PriceBook } from '../../../src/accounting/prices/price-book.ts';
import { Adjustment } from '../../../src/entities/adjustment.ts';
import type { CallRecord, HoldDraft } from '../../../src/entities/call-record.ts';
import { Price } from '../../../src/entities/price.ts';
import { noUsage } from '../../../src/entities/usage.ts';
import { openSqlite } from '../../../src/lib/sqlite.ts';
import { providers } from '../../../src/providers/index.ts';
import { LedgerCorrections } from '../../../src/services/ledger-corrections.ts';
import { aHold, aRecord } from '../../support/ledger-books.ts';
import { aCredential, openOffice } from './fixture.ts';
import type { Office } from './fixture.ts';
import { ADMIN, CLI } from '../../../src/services/actor.ts';

const JANUARY_MS = Date.UTC(2026, 0, 1);
const DAY_MS = 86_400_000;

let office: Office;
let credentials: Record<string, string>;

beforeEach(async () => {
  office = await openOffice();
  const members = [
    aCredential('one'),
    aCredential('fast', { provider: 'xai' }),
    aCredential('gate', { provider: 'vercel' }),
  ];
  await office.configure([{ name: 'main', credentials: members }]);
  const listed = await office.space.credentials.list(CLI);
  credentials = Object.fromEntries(listed.map(({ credential: { name, id } }) => [name, id]));
});

/** A dollar for each million tokens of a model, where nothing else is said. */
const aPrice = (fields: Partial<ConfigPrice> = {}): ConfigPrice => ({
  model: 'gpt-4o-mini',
  input: 1,
  output: 1,
  ...fields,
});

const grokAt = (provider: string, usd: number) =>
  aPrice({ model: 'grok-4', provider, input: usd, output: usd });

/** A call as the ledger has it of another service. */
function recordRemote(provider: string, fields: Partial<CallRecord> = {}): string {
  const hold = aHold({ createdAtMs: JANUARY_MS, endpoint: 'external' });
  const { id, keyId, createdAtMs, expiresAtMs } = hold;
  const claim = {
    id,
    keyId,
    idempotencyId: id,
    kind: 'usage',
    fingerprint: 'f',
    settleFingerprint: null,
    isPriced: true,
    provider,
    priceId: '',
    onExpiry: 'none',
    actor: 'token:biller',
    createdAtMs,
    expiresAtMs,
  } as const;
  const unpriced = { credentialId: '', attempts: [], costNano: 0n, priceId: '', isPriced: false };
  const settlement = recordRow(aRecord(hold, { ...unpriced, ...fields }));
  const remote = [{ id, claim: remoteRow(claim), settlement }];
  inLedger((database) => apply(prepare(database), { holds: [], settlements: [], remote }));
  return id;
}

const withPrices = (...prices: ConfigPrice[]) =>
  new LedgerCorrections(office.space.parts, {
    providers,
    prices: () => new PriceBook(configRows(prices)),
    lock: () => null,
  });

/** Calls as the ledger writes them: 10 input and 5 output tokens of gpt-4o-mini for 4500 nano-dollars. */
function record(...calls: { hold?: Partial<HoldDraft>; record?: Partial<CallRecord> }[]): string[] {
  const rows = calls.map(({ hold: held = {}, record: fields = {} }) => {
    const hold = aHold({ userId: 'u', teamId: 't', createdAtMs: JANUARY_MS, ...held });
    return { hold, call: aRecord(hold, { credentialId: credentials['one'] ?? '', ...fields }) };
  });
  inLedger((database) =>
    apply(prepare(database), {
      holds: rows.map(({ hold }) => holdRow(hold, 'test')),
      settlements: rows.map(({ call }) => recordRow(call)),
    }),
  );
  return rows.map(({ hold }) => hold.id);
}

function inLedger<T>(work: (database: ReturnType<typeof openSqlite>) => T): T {
  const database = openSqlite(office.space.file);
  try {
    return work(database);
  } finally {
    database.close();
  }
}

/** What was adjusted, by request id; and that the books balance. */
async function deltas(): Promise<Record<string, bigint>> {
  const { findings } = inLedger((database) => verifyLedger(database, false));
  expect(findings).toEqual([]);
  const rows = await office.space.orm.em.fork().find(Adjustment, {});
  return Object.fromEntries(rows.map(({ requestId, deltaNano }) => [requestId, deltaNano]));
}

describe('calls are priced anew', () => {
  test('those of other services at the prices of whom they called, unless they told the cost', async () => {
    const unpriced = recordRemote('openai');
    const byList = recordRemote('house', { model: 'own' });
    recordRemote('openai', { costNano: 99n, isPriced: true });
    recordRemote('');
    const corrections = withPrices(aPrice(), aPrice({ model: 'own', provider: 'house', input: 2 }));
    const report = await corrections.reprice(CLI, {});
    expect(report.leftAlone).toEqual(
      new Map([
        ['told', 1],
        ['no_provider', 1],
      ]),
    );
    expect(await deltas()).toEqual({ [unpriced]: 15_000n, [byList]: 25_000n });
    expect((await corrections.reprice(CLI, { provider: 'openai' })).entries).toBe(0);
  });

  test('at the price that is known now, once', async () => {
    const [id = ''] = record({});
    const corrections = withPrices(aPrice());
    const report = await corrections.reprice(CLI, { note: 'a typing error' });
    expect(report).toEqual({
      calls: 1,
      entries: 1,
      beforeNano: 4500n,
      afterNano: 15_000n,
      lowerBounds: 0,
      leftAlone: new Map(),
    });
    expect(await deltas()).toEqual({ [id]: 10_500n });
    const again = await corrections.reprice(CLI);
    expect(again).toMatchObject({ calls: 1, entries: 0, beforeNano: 15_000n, afterNano: 15_000n });
    const [entry] = await office.space.orm.em.fork().find(Adjustment, {});
    expect(entry).toMatchObject({ reason: 'reprice', actor: 'cli', note: 'a typing error' });
    const em = office.space.orm.em.fork();
    expect(await em.findOne(Price, { id: entry?.priceId ?? '' })).toMatchObject({
      model: 'gpt-4o-mini',
      source: 'config',
    });
  });

  test('each at the price of its own time', async () => {
    const times = [-1, 0, 1].map((days) => JANUARY_MS + days * DAY_MS);
    const ids = record(...times.map((createdAtMs) => ({ hold: { createdAtMs } })));
    const since = { valid_from: '2026-01-01T00:00:00Z', input: 2, output: 2 };
    await withPrices(aPrice(), aPrice(since)).reprice(CLI);
    expect(await deltas()).toEqual({
      [ids[0] ?? '']: 10_500n,
      [ids[1] ?? '']: 25_500n,
      [ids[2] ?? '']: 25_500n,
    });
  });

  test('by the model that was sent, on the price list of whoever served it', async () => {
    const attempt = { credential: 'c', status: 200, verdict: 'served', ms: 1 };
    const sent = (...models: (string | undefined)[]) =>
      models.map((model) => (model === undefined ? attempt : { ...attempt, model }));
    const ids = record(
      { record: { attempts: sent('other', 'grok-4'), credentialId: credentials['fast'] ?? '' } },
      { record: { attempts: sent('grok-4', undefined) } },
      { record: { attempts: sent('x-ai/grok-4'), credentialId: credentials['gate'] ?? '' } },
    );
    await withPrices(
      aPrice({ model: 'grok-4', provider: 'x-ai', input: 3, output: 3 }),
      aPrice({ model: 'x-ai/grok-4', provider: 'vercel', input: 4, output: 4 }),
      aPrice({ provider: 'openai' }),
    ).reprice(CLI);
    expect(await deltas()).toEqual({
      [ids[0] ?? '']: 40_500n,
      [ids[1] ?? '']: 10_500n,
      [ids[2] ?? '']: 55_500n,
    });
  });

  test('by what is configured for the very provider, before its list', async () => {
    const grok = { hold: { model: 'grok-4' }, record: { credentialId: credentials['fast'] ?? '' } };
    const [id = ''] = record(grok);
    const prices = [grokAt('x-ai', 3), grokAt('xai', 4), grokAt('*', 5)];
    await withPrices(...prices).reprice(CLI);
    expect(await deltas()).toEqual({ [id]: 55_500n });
  });

  test('with the fee for a request, once, where the endpoint may have one', async () => {
    const unpriced = { costNano: 0n, isPriced: false };
    const told = { ...noUsage(), input: 10, output: 5, requests: 3 };
    const [one = '', three = '', other = ''] = record(
      { record: unpriced },
      { record: { ...unpriced, usage: told } },
      { hold: { endpoint: 'images.generations' }, record: unpriced },
    );
    const corrections = withPrices(aPrice({ request: '0.005' }));
    const report = await corrections.reprice(CLI, { onlyUnpriced: true });
    expect(report).toMatchObject({ calls: 3, lowerBounds: 0 });
    expect(await deltas()).toEqual({
      [one]: 5_015_000n,
      [three]: 15_015_000n,
      [other]: 15_000n,
    });
  });

  test('down as well as up, to nothing if that is the price, but never without one', async () => {
    const [free = ''] = record({}, { hold: { model: 'nobody-knows' } });
    const report = await withPrices(aPrice({ input: 0, output: 0 })).reprice(CLI);
    expect(report).toMatchObject({
      calls: 1,
      afterNano: 0n,
      leftAlone: new Map([['no_price', 1]]),
    });
    expect(await deltas()).toEqual({ [free]: -4500n });
  });

  test('as far as there are prices: what is left makes a lower bound', async () => {
    const usage = { ...noUsage(), input: 10, images: 2 };
    const [id = ''] = record({ record: { usage, costNano: 0n, isPriced: false } });
    const report = await withPrices(aPrice()).reprice(CLI);
    expect(report).toMatchObject({ calls: 1, entries: 1, lowerBounds: 1 });
    expect(await deltas()).toEqual({ [id]: 10_000n });
  });

  test('not where there is nothing to price them by, and that is told', async () => {
    const none = { usage: noUsage(), usageSource: 'none', costNano: 0n } as const;
    record(
      { record: { ...none, outcome: 'voided' } },
      { record: { ...none, outcome: 'unknown', credentialId: '', costNano: 5000n } },
      { record: { credentialId: 'caller', costNano: 0n } },
      { record: { ...none, isPriced: false } },
      { record: { credentialId: 'gone' } },
      { record: { credentialId: 'gone' } },
    );
    const report = await withPrices(aPrice()).reprice(CLI);
    expect(report).toMatchObject({ calls: 0, entries: 0 });
    expect(Object.fromEntries(report.leftAlone)).toEqual({
      voided: 1,
      unknown: 1,
      paid_elsewhere: 1,
      no_usage: 1,
      no_provider: 2,
    });
    expect(await deltas()).toEqual({});
  });

  test('one that would cost more than any call can keeps what it has, and holds up no other', async () => {
    const usage = { ...noUsage(), output: 999_999_999_999 };
    recordRemote('openai', { usage });
    const id = recordRemote('openai');
    const report = await withPrices(aPrice({ output: 600 * 1000 })).reprice(CLI);
    expect(report.leftAlone).toEqual(new Map([['too_dear', 1]]));
    expect(Object.keys(await deltas())).toEqual([id]);
  });

  test('but an operator’s word is not overruled by a price', async () => {
    const [id = ''] = record({});
    const corrections = withPrices(aPrice());
    await corrections.adjust(CLI, { requestId: id, cost: '0', note: 'never happened' });
    const report = await corrections.reprice(CLI);
    expect(report).toMatchObject({ calls: 0, leftAlone: new Map([['operator', 1]]) });
    expect(await deltas()).toEqual({ [id]: -4500n });
  });
});

const day = (days: number) => ({ createdAtMs: JANUARY_MS + days * DAY_MS });

describe('only those calls are meant', () => {
  test.each<[string, Parameters<LedgerCorrections['reprice']>[1], number[]]>([
    ['all', {}, [0, 1, 2, 3]],
    ['of a model as asked', { model: 'gpt-4o' }, [1]],
    ['of a model as sent', { model: 'grok-4' }, [2]],
    ['of a provider', { provider: 'xai' }, [2]],
    ['on a provider’s price list', { provider: 'x-ai' }, [2]],
    ['of both', { provider: 'openai', model: 'gpt-4o-mini' }, [0, 3]],
    ['from a day on', { from: '2026-01-02' }, [1, 2, 3]],
    ['from one time to another', { from: '2026-01-02', to: '2026-01-03T00:00:00+00:00' }, [1]],
    ['without a price', { onlyUnpriced: true }, [3]],
  ])('%s', async (_name, filter, expected) => {
    const attempts = [{ credential: 'c', status: 200, verdict: 'served', ms: 1, model: 'grok-4' }];
    const ids = record(
      { hold: day(0) },
      { hold: { ...day(1), model: 'gpt-4o' } },
      { hold: day(2), record: { attempts, credentialId: credentials['fast'] ?? '' } },
      { hold: day(3), record: { isPriced: false } },
    );
    const models = ['gpt-4o-mini', 'gpt-4o', 'grok-4'].map((model) => aPrice({ model }));
    const corrections = withPrices(...models);
    const foreseen = await corrections.reprice(CLI, { ...filter, dryRun: true });
    expect(foreseen.entries).toBe(expected.length);
    expect(await deltas()).toEqual({});
    expect(await office.events('ledger.')).toEqual([]);
    expect(await corrections.reprice(CLI, filter)).toEqual(foreseen);
    const meant = expected.map((index) => ids[index] ?? '');
    expect(Object.keys(await deltas()).toSorted()).toEqual(meant.toSorted());
  });

  test('and every mistake is named at once', async () => {
    const filter = { provider: 'acme', from: '2026-02-30', to: 'soon', model: ' ', note: '' };
    const refused = withPrices().reprice(CLI, filter);
    await expect(refused).rejects.toMatchObject({ code: 'invalid_request' });
    const mistakes = await refused.catch(({ message }: Error) => message);
    expect(mistakes).toMatch(
      /model: .*provider: there is no "acme"; known: .*x-ai.*from: must be a day/,
    );
    expect(mistakes).toMatch(/to: must be a day.*note: /);
    const turned = { from: '2026-01-02', to: '2026-01-01' };
    await expect(withPrices().reprice(CLI, turned)).rejects.toThrow('from: must be before to');
  });
});

test('many calls are corrected in commits of their own, an event each; two at once add nothing', async () => {
  const calls = Array.from({ length: 601 }, (_, index) => ({
    hold: { keyId: `key-${index % 7}`, createdAtMs: JANUARY_MS + index * 1000 },
  }));
  const ids = record(...calls);
  const corrections = withPrices(aPrice());
  const reports = await Promise.all([
    corrections.reprice(CLI, { note: 'July' }),
    corrections.reprice(CLI, { note: 'July' }),
  ]);
  expect(reports.map(({ calls: seen }) => seen)).toEqual([601, 601]);
  expect(reports.reduce((sum, { entries }) => sum + entries, 0)).toBe(601);
  const all = await deltas();
  expect(ids.every((id) => all[id] === 10_500n)).toBe(true);
  const events = await office.events('ledger.adjusted');
  expect(events.map(({ after }) => after)).toEqual(
    [250, 250, 101].map((entries) => ({
      reason: 'reprice',
      entries,
      delta: `0.${String(entries * 10_500).padStart(9, '0')}`.replace(/0+$/, ''),
      note: 'July',
    })),
  );
});

describe('an operator’s word', () => {
  test('is what the call cost, or by how much that was wrong', async () => {
    const [id = ''] = record({});
    const corrections = withPrices();
    const by = (input: { cost?: string; delta?: string | number }) =>
      corrections.adjust(ADMIN, { requestId: id, note: 'checked', ...input });
    expect(await by({ delta: '0.000000500' })).toEqual({
      calls: 1,
      entries: 1,
      beforeNano: 4500n,
      afterNano: 5000n,
    });
    expect(await by({ cost: '0.000005' })).toMatchObject({ entries: 0, afterNano: 5000n });
    await by({ delta: '-0.000005' });
    const em = office.space.orm.em.fork();
    const entries = await em.find(Adjustment, { requestId: id }, { orderBy: { id: 'asc' } });
    expect(entries.map(({ deltaNano }) => deltaNano)).toEqual([500n, -5000n]);
    expect(entries[0]).toMatchObject({ reason: 'operator', actor: 'admin', note: 'checked' });
    await deltas();
    expect(await office.events('ledger.adjusted')).toMatchObject([
      {
        subject: id,
        requestId: id,
        actor: 'admin',
        after: { reason: 'operator', entries: 1, delta: '0.0000005', note: 'checked' },
      },
      { subject: id, after: { delta: '-0.000005' } },
    ]);
  });

  test.each([
    [{ delta: '-0.000004501' }, 'the call costs $0.0000045 by now, and a cost is from 0'],
    [{ delta: '10000000' }, 'and a cost is from 0 to 10000000.00'],
    [{ cost: '-1' }, 'cost: must be an amount'],
    [{ cost: '10000000.01' }, 'cost: must be an amount'],
    [{ delta: '0' }, 'delta: must be an amount in dollars other than 0'],
    [{ delta: 'much', cost: 'little' }, 'cost: must be an amount'],
    [{ delta: '1', cost: '1' }, 'cost: give either cost or delta'],
    [{}, 'cost: give either cost or delta'],
    [{ cost: '1', note: ' ' }, 'note: '],
  ])('%j is refused', async (input, message) => {
    const [id = ''] = record({});
    const refused = withPrices().adjust(CLI, { requestId: id, note: 'why', ...input });
    await expect(refused).rejects.toMatchObject({ code: 'invalid_request' });
    await expect(refused).rejects.toThrow(message);
    expect(await deltas()).toEqual({});
  });

  test('on a call that is not on record is not taken', async () => {
    const refused = withPrices().adjust(CLI, { requestId: 'nothing', cost: 1, note: 'why' });
    await expect(refused).rejects.toMatchObject({ code: 'not_found' });
    expect(await office.events('ledger.')).toEqual([]);
  });

  test('also concerns lost calls and those that were free', async () => {
    const none = { usage: noUsage(), usageSource: 'none' } as const;
    const [lost = '', free = ''] = record(
      { record: { ...none, outcome: 'unknown', costNano: 5000n } },
      { record: { ...none, outcome: 'voided', costNano: 0n } },
    );
    const corrections = withPrices();
    await corrections.adjust(CLI, { requestId: lost, cost: 0, note: 'never arrived' });
    await corrections.adjust(CLI, { requestId: free, cost: '0.01', note: 'was billed' });
    expect(await deltas()).toEqual({ [lost]: -5000n, [free]: 10_000_000n });
  });
});

const usageSince = async (sinceMs: number) =>
  (await office.space.stats.by(CLI, ['key'], { fromMs: sinceMs })).map(
    ({ of, calls, costNano, adjustedNano }) => [of.key, calls, costNano, adjustedNano],
  );

test('what was used is told with what was adjusted of it', async () => {
  record({ hold: { createdAtMs: JANUARY_MS - DAY_MS } }, {}, {}, { hold: { keyId: 'key-2' } });
  const corrections = withPrices(aPrice());
  await corrections.reprice(CLI, { to: '2026-01-01' });
  expect(await usageSince(0)).toEqual([
    ['key-1', 3, 24_000n, 10_500n],
    ['key-2', 1, 4500n, 0n],
  ]);
  expect(await usageSince(JANUARY_MS)).toEqual([
    ['key-1', 2, 9000n, 0n],
    ['key-2', 1, 4500n, 0n],
  ]);
});

test('a budget’s proof counts adjustments, too', async () => {
  const { keys, budgets } = office.space;
  const { virtualKey } = await keys.create(CLI, { name: 'phone' });
  const createdAtMs = office.clock.now();
  const [id = ''] = record({ hold: { keyId: virtualKey.id, createdAtMs } });
  const { budget } = await budgets.set(CLI, { scope: 'key', subject: virtualKey.id, cap: 1 });
  await withPrices().adjust(CLI, { requestId: id, delta: '-0.000001', note: 'why' });
  expect(await budgets.explain(CLI, budget.id)).toMatchObject({
    settledNano: 3500n,
    recordedNano: 3500n,
    isEqual: true,
  });
});
