import { expect, test } from '@jest/globals';
import { canaryFleet, startGateway } from '../../support/gateway.ts';
import type { Gateway } from '../../support/gateway.ts';
import { arrivals, until } from './fixture.ts';

const WEIGHTED = { strategy: 'balance_weighted' };

const polls = ({ sandbox }: Gateway) =>
  sandbox.witness.entries.filter(
    (entry) => entry.kind === 'received' && entry.path === '/v1/credits',
  ).length;

const balances = ({ app }: Gateway) => app.pools.members().map((member) => member.balanceNano);

function account({ sandbox }: Gateway, at: number) {
  const found = sandbox.credentials[at];
  if (found === undefined) throw new Error(`no credential ${at}`);
  return found;
}

test('decimal text is read to the nano-dollar', async () => {
  const fleet = canaryFleet(0, 0, 0);
  const exact = [1n, 12_345_678_901_234_567n, 95_500_000_000n];
  const gateway = await startGateway({
    fleet: fleet.map((credential, at) => ({ ...credential, balanceNano: exact[at] ?? 0n })),
  });
  expect(balances(gateway)).toEqual(exact);
});

test('a refresh on demand asks every provider once, however many ask for it at the same time', async () => {
  const gateway = await startGateway();
  const before = polls(gateway);
  account(gateway, 0).balanceNano = 7_000_000_000n;
  const rounds = await Promise.all(
    Array.from({ length: 10 }, () => gateway.app.balances.refresh()),
  );
  expect(polls(gateway) - before).toBe(3);
  expect(new Set(rounds).size).toBe(1);
  expect(balances(gateway)[0]).toBe(7_000_000_000n);
  const events = await gateway.events('balance.changed');
  expect(events.at(-1)).toMatchObject({
    before: { balance: '10.00' },
    after: { balance: '7.00' },
  });
});

test('balances are asked for again after each interval', async () => {
  const gateway = await startGateway({ env: { BALANCE_REFRESH_SECONDS: '60' } });
  account(gateway, 1).balanceNano = 1_500_000_000n;
  gateway.clock.advance(60_001);
  await until(() => balances(gateway)[1] === 1_500_000_000n);
});

test('one credential that does not answer delays no other, keeps its balance, and is given up', async () => {
  const gateway = await startGateway();
  gateway.sandbox.faults.set('cred-1', 'never-answer', { path: '/v1/credits' });
  for (const at of [0, 1, 2]) account(gateway, at).balanceNano = 3_000_000_000n;
  const round = gateway.app.balances.refresh();
  await until(() => balances(gateway).filter((balance) => balance === 3_000_000_000n).length === 2);
  gateway.clock.advance(10_001);
  const results = await round;
  expect(results.map((result) => result.error === null)).toEqual([false, true, true]);
  expect(balances(gateway)[0]).toBe(10_000_000_000n);
});

test('a server that stops waits for no provider that does not answer', async () => {
  const gateway = await startGateway();
  gateway.sandbox.faults.set('cred-1', 'never-answer', { path: '/v1/credits' });
  const round = gateway.app.balances.refresh();
  // The teardown stops the server; it would exceed the test's time if it waited.
  void round.catch(() => undefined);
});

test.each([
  'status;code=500',
  'status;code=401',
  'close-before-head',
  'status;code=200;body=html',
  'empty-204',
])('a poll that fails (%s) leaves the balance as it was', async (fault) => {
  const gateway = await startGateway({ pool: WEIGHTED });
  for (const { name } of gateway.sandbox.credentials) {
    gateway.sandbox.faults.set(name, fault, { path: '/v1/credits' });
  }
  const results = await gateway.app.balances.refresh();
  expect(results.every(({ error }) => error !== null)).toBe(true);
  expect(balances(gateway)).toEqual([10_000_000_000n, 5_000_000_000n, 5_000_000_000n]);
  expect((await gateway.chat()).status).toBe(200);
});

test('a settlement debits the credential that served, before the next poll', async () => {
  const gateway = await startGateway();
  await gateway.chat();
  const [record] = await gateway.records();
  const [first, second] = balances(gateway);
  expect(record?.costNano).toBeGreaterThan(0n);
  expect(first).toBe(10_000_000_000n - (record?.costNano ?? 0n));
  expect(second).toBe(5_000_000_000n);
});

test('an exhausted credential comes back when a poll shows money, and not before', async () => {
  const gateway = await startGateway({ fleet: canaryFleet(1) });
  account(gateway, 0).balanceNano = 0n;
  gateway.sandbox.faults.set('cred-1', 'insufficient-quota', { times: 1 });
  expect((await gateway.chat()).status).toBe(503);
  expect((await gateway.chat()).status).toBe(503);
  // The check that the refusal caused, and one more: there is no money.
  await gateway.app.balances.refresh();
  expect((await gateway.chat()).status).toBe(503);
  expect(arrivals(gateway)).toHaveLength(1);
  account(gateway, 0).balanceNano = 1_000_000_000n;
  await gateway.app.balances.refresh();
  expect((await gateway.chat()).status).toBe(200);
  const health = (await gateway.events()).filter(({ type }) =>
    type.startsWith('credential_health.'),
  );
  expect(health.map(({ type }) => type)).toEqual([
    'credential_health.exhausted',
    'credential_health.active',
  ]);
});

test('a balance at or below the minimum credit is never chosen', async () => {
  const gateway = await startGateway({ fleet: canaryFleet(0.01, 0.02, 0.009), pool: WEIGHTED });
  for (let call = 0; call < 20; call += 1) expect((await gateway.chat()).status).toBe(200);
  expect(new Set(arrivals(gateway).map((entry) => entry.credential))).toEqual(new Set(['cred-2']));
});

test('with no balance above the minimum the answer is 503 and nothing is sent', async () => {
  const gateway = await startGateway({ fleet: canaryFleet(0.01, 0), pool: WEIGHTED });
  const response = await gateway.chat();
  expect(response.status).toBe(503);
  expect(await response.json()).toMatchObject({ error: { code: 'no_credentials' } });
  expect(arrivals(gateway)).toEqual([]);
});
