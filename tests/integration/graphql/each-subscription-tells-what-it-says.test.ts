import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { Kind, parse } from 'graphql';
import { SYSTEM } from '../../../src/services/actor.ts';
import { startGateway } from '../../support/gateway.ts';
import type { Gateway } from '../../support/gateway.ts';
import { follow, liveClient } from '../../support/live-client.ts';
import { until } from '../../support/patience.ts';

const EXAMPLES = join(import.meta.dirname, '../../../examples/graphql/subscriptions.graphql');

/** Operations of the examples by name, each with the variables that stand before it. */
async function examples(): Promise<
  Map<string, { query: string; variables: Record<string, unknown> }>
> {
  const text = await readFile(EXAMPLES, 'utf8');
  const { definitions } = parse(text);
  return new Map(
    definitions.flatMap((definition) => {
      if (definition.kind !== Kind.OPERATION_DEFINITION) return [];
      const { start, end } = definition.loc ?? { start: 0, end: 0 };
      const [, json = ''] = /# variables: (.*)\n$/.exec(text.slice(0, start)) ?? [];
      const variables = JSON.parse(json) as Record<string, unknown>;
      return [[definition.name?.value ?? '', { query: text.slice(start, end), variables }]];
    }),
  );
}

async function subscribed(name: string, gateway: Gateway) {
  const example = (await examples()).get(name);
  if (example === undefined) throw new Error(`no example ${name}`);
  const client = liveClient(gateway);
  return { ...follow(client, example.query, example.variables), done: () => client.dispose() };
}

const isoTime = expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/);

async function call(gateway: Gateway, body: Record<string, unknown> = {}, key = gateway.key) {
  const response = await gateway.chat(body, { authorization: `Bearer ${key}` });
  return [response.status, await response.text()];
}

describe('the examples', () => {
  test('everything that changes, with what was before and after', async () => {
    const gateway = await startGateway();
    const told = await subscribed('EverythingSince', gateway);
    const { id } = await gateway.space.users.create(SYSTEM, { name: 'ann' });
    const rows = await gateway.events();
    await told.nth(rows.length - 1);
    expect(told.results.map(({ seq }) => seq)).toEqual(rows.map(({ seq }) => seq));
    expect(told.results.at(-1)).toEqual({
      seq: rows.at(-1)?.seq,
      at: isoTime,
      type: 'user.created',
      subject: id,
      actor: 'system',
      before: null,
      after: expect.objectContaining({ name: 'ann' }),
    });
    await told.done();
  });

  test('keys, as they are now', async () => {
    const gateway = await startGateway();
    const told = await subscribed('KeysSince', gateway);
    const own = { id: gateway.keyId, name: 'test', isActive: true };
    expect(await told.nth(0)).toMatchObject({
      type: 'virtual_key.created',
      actor: 'system',
      key: own,
    });
    await gateway.space.keys.update(SYSTEM, gateway.keyId, { name: 'renamed', isActive: false });
    const key = { ...own, name: 'renamed', isActive: false };
    expect(await told.nth(1)).toMatchObject({ type: 'virtual_key.updated', key });
    await told.done();
  });

  test('bans: by hand, and earned', async () => {
    const gateway = await startGateway();
    const told = await subscribed('BansSince', gateway);
    const [first, second] = gateway.app.pools.members();
    await gateway.space.bans.ban(SYSTEM, {
      credential: 'cred-1',
      model: 'gpt-4o-mini',
      note: 'why not',
    });
    expect(await told.nth(0)).toMatchObject({
      step: 'IMPOSED',
      credentialId: first?.id,
      model: 'gpt-4o-mini',
      credential: { name: 'cred-1' },
      reason: 'OPERATOR',
      until: null,
      note: 'why not',
    });
    await gateway.space.bans.liftBans(SYSTEM, { credential: 'cred-1' });
    expect(await told.nth(1)).toMatchObject({ step: 'LIFTED', note: 'why not' });
    gateway.sandbox.revoke('cred-2');
    for (let nth = 0; nth < 3; nth += 1) await call(gateway);
    expect(await told.nth(2)).toMatchObject({
      step: 'IMPOSED',
      credentialId: second?.id,
      reason: 'UNAUTHORIZED',
      evidence: { statuses: expect.arrayContaining([401]) },
    });
    await told.done();
  });

  test('budgets that are nearly spent', async () => {
    const gateway = await startGateway();
    const told = await subscribed('AlertsSince', gateway);
    const { budget } = await gateway.space.budgets.set(SYSTEM, {
      scope: 'key',
      subject: gateway.keyId,
      cap: '0.00002',
      isHard: false,
      alertPercents: [49.5],
    });
    await call(gateway);
    expect(await told.nth(0)).toMatchObject({
      budgetId: budget.id,
      budget: { scope: 'KEY', subject: 'test' },
      percent: 49.5,
      spent: '0.00001215',
      cap: '0.00002',
    });
    await told.done();
  });

  test('health', async () => {
    const gateway = await startGateway();
    const told = await subscribed('HealthSince', gateway);
    gateway.sandbox.faults.set('cred-1', 'status;code=429;retry-after=30');
    await call(gateway);
    expect(await told.nth(0)).toMatchObject({
      state: 'cooling',
      credentialId: gateway.app.pools.members()[0]?.id,
      origin: null,
      until: isoTime,
    });
    await told.done();
  });

  test('balances: as they are, then as they fall, not more than four times a second', async () => {
    const gateway = await startGateway();
    const told = await subscribed('Balances', gateway);
    await told.nth(2);
    expect(told.results).toEqual(
      ['10.00', '5.00', '5.00'].map((balance, index) => ({
        credentialName: `cred-${index + 1}`,
        poolName: 'default',
        balance,
        checkedAt: isoTime,
      })),
    );
    const startMs = performance.now();
    for (let nth = 0; nth < 60; nth += 1) await call(gateway);
    gateway.clock.advance(250);
    const of = (name: string) =>
      told.results.flatMap(({ credentialName, balance }) =>
        credentialName === name ? [balance] : [],
      );
    // Twenty calls for each, at 12,150 nano-dollars.
    await until(() => of('cred-1').at(-1) === '9.999757' && of('cred-3').at(-1) === '4.999757');
    const quarters = (performance.now() - startMs) / 250;
    expect(of('cred-1').length).toBeLessThanOrEqual(quarters + 3);
    const amounts = of('cred-1').map(Number);
    expect(amounts).toEqual(amounts.toSorted((left, right) => right - left));
    await told.done();
  });

  test('calls that fail', async () => {
    const gateway = await startGateway();
    const told = await subscribed('Failures', gateway);
    await call(gateway);
    for (const name of ['cred-1', 'cred-2', 'cred-3'])
      gateway.sandbox.faults.set(name, 'status;code=500');
    const [status] = await call(gateway);
    expect(status).toBe(502);
    expect(await told.nth(0)).toMatchObject({ keyId: gateway.keyId, status: 502 });
    expect(told.results).toHaveLength(1);
    await told.done();
  });

  test('how busy it is', async () => {
    const gateway = await startGateway();
    const told = await subscribed('HowBusy', gateway);
    expect(await told.nth(0)).toEqual({
      inFlight: 0,
      callsPerSecond: 0,
      tokensPerSecond: 0,
      costPerSecond: '0.00',
      window: { errors: { client: 0, capacity: 0, upstream: 0, platform: 0 } },
      total: { calls: 0, tokens: 0, cost: '0.00' },
    });
    await call(gateway);
    await call(gateway);
    await call(gateway, {}, 'sk-nobody');
    gateway.clock.advance(1000);
    const now = (await told.nth(1)) as Record<string, number>;
    expect(now).toMatchObject({
      window: { errors: { client: 1, capacity: 0, upstream: 0, platform: 0 } },
      total: { calls: 2, tokens: 48, cost: '0.0000243' },
    });
    expect(now['callsPerSecond']).toBeGreaterThan(0);
    expect(now['callsPerSecond']).toBeLessThanOrEqual(2);
    gateway.clock.advance(1000);
    expect(await told.nth(2)).toMatchObject({
      callsPerSecond: 0,
      window: { errors: { client: 0 } },
      total: { calls: 2, tokens: 48, cost: '0.0000243' },
    });
    await told.done();
  });
});

describe('what cannot be followed', () => {
  test.each([
    ['events(after: 999999) { seq }', 'INVALID_REQUEST', 'after'],
    ['events(after: -1) { seq }', 'INVALID_REQUEST', 'after'],
    ['events(types: ["a b"]) { seq }', 'INVALID_REQUEST', 'types.0'],
    ['events(types: []) { seq }', 'INVALID_REQUEST', 'types'],
    ['liveStats(intervalSeconds: 0) { inFlight }', 'INVALID_REQUEST', 'intervalSeconds'],
    ['liveStats(intervalSeconds: 61) { inFlight }', 'INVALID_REQUEST', 'intervalSeconds'],
  ])('%s', async (field, code, param) => {
    const gateway = await startGateway();
    const client = liveClient(gateway);
    const results: unknown[] = [];
    for await (const result of client.iterate({ query: `subscription { ${field} }` }))
      results.push(result);
    expect(results).toMatchObject([{ errors: [{ extensions: { code, param } }] }]);
    await client.dispose();
  });
});

test('two hundred sockets are told the same, and none of them is left when they go', async () => {
  const gateway = await startGateway();
  const clients = Array.from({ length: 200 }, () => liveClient(gateway));
  const followings = clients.map((client) =>
    follow<{ seq: number }>(client, 'subscription { events(after: 0, types: ["test.*"]) { seq } }'),
  );
  const draft = { type: 'test.happened', subject: 's', actor: 'system' };
  for (let nth = 0; nth < 5; nth += 1)
    await gateway.space.events.record([draft, draft, draft, draft]);
  await Promise.all(followings.map((one) => one.nth(19)));
  const rows = (await gateway.events('test.happened')).map(({ seq }) => seq);
  for (const { results } of followings) expect(results.map(({ seq }) => seq)).toEqual(rows);
  for (const client of clients) await client.dispose();
});

test('a process that stood still for an hour cuts nobody', async () => {
  const gateway = await startGateway();
  const client = liveClient(gateway, { lazy: false });
  await follow(client, '{ me { name } }').nth(0);
  gateway.clock.advance(3_600_000);
  const told = follow(client, 'subscription { events(after: 0) { seq } }');
  expect(await told.nth(0)).toEqual({ seq: 1 });
  await client.dispose();
});

test('a server that stops says so to its sockets: 1001', async () => {
  const gateway = await startGateway();
  const told = follow(liveClient(gateway), 'subscription { events(after: 0) { seq } }');
  await told.nth(0);
  await gateway.app.close(0);
  expect(await told.ended).toMatchObject({ code: 1001 });
});
