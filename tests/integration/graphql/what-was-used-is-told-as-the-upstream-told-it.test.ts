import { beforeAll, describe, expect, test } from '@jest/globals';
import { SignJWT } from 'jose';
import { nanoFromUsd, usdFromNano } from '../../../src/lib/money.ts';
import { CLI } from '../../../src/services/actor.ts';
import { gatewayOfFile } from '../../support/gateway.ts';
import { graphqlClient } from '../../support/graphql-client.ts';
import type { GraphqlClient } from '../../support/graphql-client.ts';
import { statementsOf } from './statements.ts';
import { idOf, sum, toldCost, toldTokens } from './told.ts';
import type { Told } from './told.ts';

const SECRET = 'a-shared-secret-of-more-than-32-bytes';
const MODELS = ['gpt-4o-mini', 'gpt-4o', 'gpt-4.1-nano'];

const running = gatewayOfFile({ env: { USER_JWT_SECRET: SECRET } });

interface Call {
  id: string;
  key: string;
  model: string;
}

/** Two keys with owners, one of them gone by now; each has called each model, one of them twice. */
const calls: Call[] = [];
const keys: Record<string, string> = {};
let admin: GraphqlClient;
let ann: GraphqlClient;

beforeAll(async () => {
  const gateway = running();
  const { space, clock } = gateway;
  const user = await space.users.create(CLI, { name: 'ann' });
  await space.users.create(CLI, { name: 'bob' });
  await space.teams.create(CLI, { name: 'research' });
  for (const [name, owner] of [
    ['phone', 'ann'],
    ['laptop', 'bob'],
  ] as const) {
    const made = await space.keys.create(CLI, { name, user: owner, team: 'research' });
    keys[name] = made.virtualKey.id;
    for (const model of [...MODELS, MODELS[0] ?? '']) {
      const answer = await gateway.chat({ model }, { authorization: `Bearer ${made.key}` });
      calls.push({ id: await idOf(answer), key: name, model });
    }
  }
  await gateway.records();
  await space.keys.remove(CLI, keys['laptop'] ?? '');
  admin = graphqlClient(gateway);
  const token = await new SignJWT({ sub: user.id, exp: Math.floor(clock.now() / 1000) + 3600 })
    .setProtectedHeader({ alg: 'HS256' })
    .sign(new TextEncoder().encode(SECRET));
  ann = graphqlClient(gateway, { token });
});

async function told<T>(client: GraphqlClient, document: string, variables = {}): Promise<T> {
  const { data, errors } = await client.ask(document, variables);
  expect(errors).toEqual([]);
  return data as T;
}

/** What these calls came to, by the witness and the oracle alone. */
function witnessed(some: readonly Call[]) {
  const tokens = toldTokens(running());
  const costs = toldCost(running());
  const of = some.map(({ id }) => tokens.get(id) as Told);
  const count = (name: keyof Told) => of.reduce((total, one) => total + one[name], 0);
  return {
    calls: some.length,
    inputTokens: count('input'),
    outputTokens: count('output'),
    cost: usdFromNano(sum(some.map(({ id }) => costs.get(id) ?? 0n))),
  };
}

const SUMS = 'calls inputTokens outputTokens cost';

interface Group {
  calls: number;
  cost: string;
  key: { id: string; name: string } | null;
  model: string | null;
}

describe('usage', () => {
  test('in all is what the witness saw', async () => {
    const { usage } = await told<{ usage: object[] }>(admin, `{ usage { ${SUMS} } }`);
    expect(usage).toEqual([witnessed(calls)]);
  });

  test('by key and model, the dearest first, with the names of keys that are gone', async () => {
    const { usage } = await told<{ usage: Group[] }>(
      admin,
      `{ usage(groupBy: [KEY, MODEL]) { ${SUMS} key { id name } model } }`,
    );
    expect(usage).toHaveLength(6);
    for (const { key, model, ...sums } of usage) {
      expect(key?.id).toBe(keys[key?.name ?? '']);
      const alike = calls.filter((call) => call.key === key?.name && call.model === model);
      expect(sums).toEqual(witnessed(alike));
    }
    const costs = usage.map(({ cost }) => nanoFromUsd(cost));
    expect(costs).toEqual(costs.toSorted((left, right) => (left < right ? 1 : -1)));
    const { usage: dearest } = await told<{ usage: Group[] }>(
      admin,
      '{ usage(groupBy: [KEY, MODEL], first: 2) { cost model } }',
    );
    expect(dearest).toEqual(usage.slice(0, 2).map(({ cost, model }) => ({ cost, model })));
  });

  test('is told of whatever is named, by name or id', async () => {
    const only = async (filter: Record<string, string[]>) =>
      (
        await told<{ usage: object[] }>(
          admin,
          `query ($filter: UsageFilter) { usage(filter: $filter) { ${SUMS} } }`,
          { filter },
        )
      ).usage[0];
    const phone = witnessed(calls.filter(({ key }) => key === 'phone'));
    expect(await only({ user: ['ann'] })).toEqual(phone);
    expect(await only({ key: [keys['phone'] ?? ''] })).toEqual(phone);
    const cheap = calls.filter(({ model }) => model !== 'gpt-4o');
    expect(
      await only({
        team: ['research'],
        user: ['ann', 'bob'],
        model: ['gpt-4o-mini', 'gpt-4.1-nano'],
      }),
    ).toEqual(witnessed(cheap));
    const wrong = await admin.ask(
      '{ usage(filter: { team: ["nobody"], user: ["ann", "no-one"] }) { calls } }',
    );
    expect(wrong.errors[0]?.extensions).toMatchObject({ code: 'NOT_FOUND' });
  });

  test('of a time that is turned round is refused, and so is a series of too many points', async () => {
    const turned = '{ usage(from: "2026-02-01T00:00:00Z", to: "2026-01-01T00:00:00Z") { calls } }';
    const { errors } = await admin.ask(turned);
    expect(errors[0]?.extensions).toMatchObject({ code: 'INVALID_REQUEST', param: 'from' });
    const long = '{ usageSeries(step: HOUR, from: "2020-01-01T00:00:00Z") { calls } }';
    const { errors: many } = await admin.ask(long);
    expect(many[0]?.extensions).toMatchObject({ code: 'INVALID_REQUEST', param: 'step' });
    const nowhere = '{ usageSeries(step: DAY, zone: "Mars/Base") { calls } }';
    expect((await admin.ask(nowhere)).errors[0]?.extensions).toMatchObject({ param: 'zone' });
  });
});

interface Point {
  start: string;
  end: string;
  calls: number;
  cost: string;
}

describe('a series', () => {
  test('has every hour of the day before, also in a zone that is half an hour off', async () => {
    for (const zone of ['UTC', 'Asia/Kolkata']) {
      const { usageSeries: points } = await told<{ usageSeries: Point[] }>(
        admin,
        'query ($zone: String!) { usageSeries(step: HOUR, zone: $zone) { start end calls cost } }',
        { zone },
      );
      expect(points).toHaveLength(25);
      const minutes = new Set(points.map(({ start }) => new Date(start).getUTCMinutes()));
      expect([...minutes]).toEqual([zone === 'UTC' ? 0 : 30]);
      for (const [at, { end }] of points.entries()) {
        if (at + 1 < points.length) expect(points[at + 1]?.start).toBe(end);
      }
      const all = witnessed(calls);
      expect(points.reduce((total, point) => total + point.calls, 0)).toBe(all.calls);
      expect(usdFromNano(sum(points.map(({ cost }) => nanoFromUsd(cost))))).toBe(all.cost);
    }
  });

  test('of days begins at midnight of its zone', async () => {
    const { usageSeries: points } = await told<{ usageSeries: Point[] }>(
      admin,
      `{ usageSeries(step: DAY, zone: "Europe/Berlin",
           from: "2026-03-28T12:00:00Z", to: "2026-03-30T12:00:00Z") { start end calls cost } }`,
    );
    // Clocks are set forward on the 29th.
    expect(points.map(({ start }) => start)).toEqual([
      '2026-03-27T23:00:00.000Z',
      '2026-03-28T23:00:00.000Z',
      '2026-03-29T22:00:00.000Z',
    ]);
  });
});

const STATS = `stats {
  totals { ${SUMS} usage { input output images } }
  byModel { ${SUMS} model }
  byEndpoint { calls endpoint }
  byCredential { calls credential { name } }
  recent(first: 2) { id }
  series(step: DAY) { calls }
}`;

describe('statistics of one thing', () => {
  test.each([
    ['a key', () => `key(id: "${keys['phone']}") { ${STATS} }`],
    ['a user', () => `user(id: "ann") { ${STATS} }`],
  ])('%s', async (_what, document) => {
    const [found] = Object.values(
      await told<Record<string, { stats: Record<string, never> }>>(admin, `{ ${document()} }`),
    );
    const stats = found?.stats as unknown as {
      totals: object;
      byModel: (Group & object)[];
      byEndpoint: object[];
      byCredential: { calls: number; credential: { name: string } }[];
      recent: { id: string }[];
      series: { calls: number }[];
    };
    const own = calls.filter(({ key }) => key === 'phone');
    expect(stats.totals).toMatchObject({ ...witnessed(own), usage: { images: 0 } });
    for (const { model, ...sums } of stats.byModel) {
      expect(sums).toEqual(witnessed(own.filter((call) => call.model === model)));
    }
    expect(stats.byModel).toHaveLength(3);
    expect(stats.byEndpoint).toEqual([{ calls: 4, endpoint: 'chat.completions' }]);
    expect(stats.byCredential.map(({ credential }) => credential.name).toSorted()).toEqual([
      'default/cred-1',
      'default/cred-2',
      'default/cred-3',
    ]);
    const latest = own.map(({ id }) => id).toReversed();
    expect(stats.recent.map(({ id }) => id)).toEqual(latest.slice(0, 2));
    expect(stats.series.reduce((total, point) => total + point.calls, 0)).toBe(4);
  });
});

test('of many keys it takes as many statements as of one', async () => {
  const KEYS = `query ($first: Int!) { keys(first: $first) { nodes {
    name stats { totals { cost } byModel(first: 3) { cost model } byCredential(first: 3) { credential { name } } }
  } } }`;
  const counts: number[] = [];
  for (const first of [1, 2]) {
    const statements = await statementsOf(running(), async () => {
      const { keys: some } = await told<{ keys: { nodes: object[] } }>(admin, KEYS, { first });
      expect(some.nodes).toHaveLength(first);
    });
    counts.push(statements.length);
  }
  expect(counts[0]).toBeGreaterThan(0);
  expect(counts[1]).toBe(counts[0]);
});

describe('a user', () => {
  test('is told of what is theirs, whatever they ask for', async () => {
    const own = calls.filter(({ key }) => key === 'phone');
    const { usage } = await told<{ usage: object[] }>(ann, `{ usage { ${SUMS} } }`);
    expect(usage).toEqual([witnessed(own)]);
    const others = await told<{ usage: Group[] }>(
      ann,
      `{ usage(groupBy: [KEY], filter: { user: ["bob"] }) { calls key { name } } }`,
    );
    expect(others.usage).toEqual([{ calls: 4, key: { name: 'phone' } }]);
    const { requests } = await told<{ requests: { nodes: { id: string }[] } }>(
      ann,
      '{ requests { nodes { id key { name } credential { id name } } } }',
    );
    expect(requests.nodes.map(({ id }) => id)).toEqual(own.map(({ id }) => id).toReversed());
    const theirs = calls.find(({ key }) => key === 'laptop')?.id;
    const { errors } = await ann.ask(`{ explainRequest(id: "${theirs}") { whatHappened } }`);
    expect(errors[0]?.extensions).toMatchObject({ code: 'NOT_FOUND' });
    const { models } = await told<{ models: { nodes: { id: string; offers: object[] }[] } }>(
      ann,
      '{ models(first: 1) { nodes { id offers { pool { name } credentials { name } } } } }',
    );
    expect(models.nodes[0]?.offers).toEqual([{ pool: { name: 'default' }, credentials: null }]);
  });

  test('whose credentials they are is not told', async () => {
    const { requests } = await told<{
      requests: { nodes: { credential: { id: string; name: string } }[] };
    }>(ann, '{ requests { nodes { credential { id name } } } }');
    for (const { credential } of requests.nodes) expect(credential.name).toBe(credential.id);
  });
});
