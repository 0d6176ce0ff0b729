import { expect, test } from '@jest/globals';
import { usdFromNano } from '../../../src/lib/money.ts';
import { createLogger } from '../../../src/lib/logger.ts';
import { CLI } from '../../../src/services/actor.ts';
import { openWorkspace } from '../../../src/workspace.ts';
import { startGateway } from '../../support/gateway.ts';
import type { Gateway } from '../../support/gateway.ts';
import { graphqlClient } from '../../support/graphql-client.ts';
import { until } from '../../support/patience.ts';
import { idOf, sum, toldCost, toldTokens } from './told.ts';
import type { Told } from './told.ts';

const MODEL = 'gpt-4o-mini';

const SET_PRICE = `mutation ($input: SetPriceInput!, $once: String) {
  setPrice(input: $input, clientMutationId: $once) {
    id source validFrom isInForce figures { input output cacheRead image } tierFigures { startsAbove input }
  }
}`;

const HISTORY = `query ($filter: PriceFilter, $after: String) {
  prices(filter: $filter, first: 1, after: $after) {
    nodes { id source isInForce figures { input output } }
    pageInfo { hasNextPage endCursor }
  }
}`;

interface Shown {
  id: string;
  source: string;
  isInForce: boolean;
  figures: { input: string; output: string };
}

/** Page by page, as long as there is a next one. */
async function prices(gateway: Gateway, filter: Record<string, unknown>): Promise<Shown[]> {
  const { ask } = graphqlClient(gateway);
  const found: Shown[] = [];
  for (let after: string | null = null, hasNext = true; hasNext;) {
    const { data, errors } = await ask(HISTORY, { filter, after });
    expect(errors).toEqual([]);
    found.push(...(data.prices.nodes as Shown[]));
    ({ hasNextPage: hasNext, endCursor: after } = data.prices.pageInfo);
  }
  return found;
}

/** Nano-dollars, at whole dollars for a million tokens. */
const costAt = ({ input, output }: Told, dollars: { input: number; output: number }): bigint =>
  BigInt((input * dollars.input + output * dollars.output) * 1000);

async function set(gateway: Gateway, input: Record<string, unknown>) {
  const { ask } = graphqlClient(gateway);
  const { data, errors } = await ask(SET_PRICE, {
    input: { provider: 'openai', model: MODEL, ...input },
  });
  expect(errors).toEqual([]);
  return data.setPrice;
}

const costOf = async (gateway: Gateway, id: string): Promise<bigint | undefined> =>
  (await gateway.records()).find((record) => record.id === id)?.costNano;

test('earlier calls keep theirs until they are priced anew, and a restart forgets nothing', async () => {
  const gateway = await startGateway();
  const { ask } = graphqlClient(gateway);
  const first = await idOf(await gateway.chat());
  const price = await set(gateway, { input: '3', output: 7, note: 'a new contract' });
  expect(price).toMatchObject({
    source: 'OPERATOR',
    isInForce: true,
    figures: { input: '3.00', output: '7.00', cacheRead: null },
  });
  const second = await idOf(await gateway.chat());
  expect(await costOf(gateway, first)).toBe(toldCost(gateway).get(first));
  const told = toldTokens(gateway);
  const dollars = { input: 3, output: 7 };
  expect(await costOf(gateway, second)).toBe(costAt(told.get(second) as Told, dollars));

  const history = await prices(gateway, { provider: 'openai', model: MODEL });
  expect(history.map(({ source, isInForce }) => [source, isInForce])).toEqual([
    ['OPERATOR', true],
    ['CATALOGUE', false],
  ]);
  const at = new Date(gateway.clock.now() - 3_600_000).toISOString();
  const then = await prices(gateway, { provider: 'openai', model: MODEL, at });
  expect(then.map(({ source }) => source)).toEqual(['CATALOGUE']);

  const REPRICE = `mutation ($input: RepriceLedgerInput) {
    repriceLedger(input: $input) { isDryRun calls adjusted before after leftAlone { reason calls } }
  }`;
  // The price has held for the second call alone.
  const none = await ask(REPRICE, { input: { model: MODEL } });
  expect(none.data.repriceLedger).toMatchObject({ calls: 2, adjusted: 0 });
  await set(gateway, {
    input: '3',
    output: 7,
    validFrom: new Date(gateway.clock.now() - 3_600_000).toISOString(),
    isRetroactive: true,
  });
  const wouldBe =
    costAt(told.get(first) as Told, dollars) + costAt(told.get(second) as Told, dollars);
  const dry = await ask(REPRICE, { input: { model: MODEL, isDryRun: true } });
  expect(dry.data.repriceLedger).toMatchObject({
    isDryRun: true,
    adjusted: 1,
    after: usdFromNano(wouldBe),
  });
  const done = await ask(REPRICE, { input: { model: MODEL, note: 'as agreed' } });
  expect(done.data.repriceLedger).toMatchObject({ adjusted: 1, after: usdFromNano(wouldBe) });
  const settled = sum((await gateway.records()).map(({ costNano }) => costNano));
  const { data } = await ask('{ usage { calls cost adjusted } }');
  expect(data.usage).toEqual([
    { calls: 2, cost: usdFromNano(wouldBe), adjusted: usdFromNano(wouldBe - settled) },
  ]);
  await gateway.app.close(0);
  await gateway.space.close();

  const again = await startGateway({ dataDir: gateway.space.config.dataDir });
  const third = await idOf(await again.chat());
  expect(await costOf(again, third)).toBe(costAt(toldTokens(again).get(third) as Told, dollars));
});

test('a call under way keeps the prices it came with, whatever is set meanwhile', async () => {
  const gateway = await startGateway();
  const { sandbox, clock } = gateway;
  for (const name of ['cred-1', 'cred-2', 'cred-3']) sandbox.faults.set(name, 'delay-head;ms=300');
  const underWay = gateway.chat();
  const arrived = () =>
    sandbox.witness.entries.some(
      ({ kind, requestId }) => kind === 'received' && requestId !== null,
    );
  await until(arrived);
  await set(gateway, {
    input: 100,
    output: 100,
    validFrom: new Date(clock.now() - 60_000).toISOString(),
    isRetroactive: true,
  });
  const first = await idOf(await underWay);
  sandbox.faults.clear();
  const second = await idOf(await gateway.chat());
  expect(await costOf(gateway, first)).toBe(toldCost(gateway).get(first));
  const dear = costAt(toldTokens(gateway).get(second) as Told, { input: 100, output: 100 });
  expect(await costOf(gateway, second)).toBe(dear);
});

test('also while it is set by another process on the same data directory', async () => {
  const gateway = await startGateway();
  const { space } = gateway;
  const other = await openWorkspace(space.config, gateway.clock, createLogger({ level: 'silent' }));
  const { id } = await other.prices.set(CLI, { model: MODEL, input: 100, output: 100 });
  await other.close();
  await until(async () => (await gateway.events('price.set')).length === 1);
  await space.events.caughtUp();
  const call = await idOf(await gateway.chat());
  expect((await gateway.records())[0]).toMatchObject({
    id: call,
    priceId: id,
    costNano: costAt(toldTokens(gateway).get(call) as Told, { input: 100, output: 100 }),
  });
});

test('one for the provider goes before one for any, and of two the last that was set', async () => {
  const gateway = await startGateway({
    file: { prices: [{ provider: 'sandbox', model: MODEL, input: 1, output: 1 }] },
  });
  const { ask } = graphqlClient(gateway);
  const PRICE = `{ price(provider: "sandbox", model: "${MODEL}") { id source } }`;
  const held = async () => (await ask(PRICE)).data.price;
  expect(await held()).toMatchObject({ source: 'CONFIG' });
  await set(gateway, { provider: '*', input: 2 });
  expect(await held()).toMatchObject({ source: 'CONFIG' });
  await set(gateway, { provider: 'Sandbox', input: 3 });
  const at = new Date(gateway.clock.now() + 60_000).toISOString();
  const { id: wrong } = await set(gateway, { provider: 'sandbox', input: 4, validFrom: at });
  const { id: right } = await set(gateway, { provider: 'sandbox', input: 5, validFrom: at });
  expect(await held()).toMatchObject({ source: 'OPERATOR' });
  gateway.clock.advance(61_000);
  expect(await held()).toMatchObject({ id: right });
  const all = await prices(gateway, { provider: 'sandbox', source: 'OPERATOR' });
  expect(all.map(({ id, isInForce }) => [id, isInForce]).slice(0, 2)).toEqual([
    [right, true],
    [wrong, false],
  ]);
});

test('tiers hold for long prompts, and come back as they were given', async () => {
  const gateway = await startGateway();
  const price = await set(gateway, {
    input: 1,
    output: '1',
    image: '0.04',
    tiers: [
      { startsAbove: 9, input: 9 },
      { startsAbove: 5, input: 5, output: 50 },
    ],
  });
  expect(price).toMatchObject({
    figures: { image: '0.04' },
    tierFigures: [
      { startsAbove: 5, input: '5.00' },
      { startsAbove: 9, input: '9.00' },
    ],
  });
});

test('set twice under one mutation id it is one version; every mistake is told at once', async () => {
  const gateway = await startGateway();
  const { ask } = graphqlClient(gateway);
  const input = { provider: 'openai', model: MODEL, input: 1 };
  const ids = [];
  for (let times = 0; times < 2; times += 1) {
    const { data } = await ask(SET_PRICE, { input, once: 'price-1' });
    ids.push(data.setPrice.id);
  }
  expect(ids[0]).toBe(ids[1]);
  expect(await gateway.events('price.set')).toHaveLength(1);

  const wrong = { provider: 'nobody', model: ' ', output: '-1' };
  const { errors } = await ask(SET_PRICE, { input: wrong });
  expect(errors).toHaveLength(1);
  expect(errors[0]?.extensions).toMatchObject({ code: 'INVALID_REQUEST', param: 'provider' });
  for (const field of ['provider', 'model', 'output'])
    expect(errors[0]?.message).toContain(`${field}: `);
  const nothing = await ask(SET_PRICE, { input: { model: MODEL } });
  expect(nothing.errors[0]?.message).toMatch(/at least one price/);
  const past = { ...input, validFrom: '2020-01-01T00:00:00Z' };
  const { errors: late } = await ask(SET_PRICE, { input: past });
  expect(late[0]?.extensions).toMatchObject({ code: 'INVALID_REQUEST', param: 'validFrom' });
});
