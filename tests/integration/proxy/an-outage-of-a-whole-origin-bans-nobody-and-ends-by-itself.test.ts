import { expect, test } from '@jest/globals';
import { Ban } from '../../../src/entities/ban.ts';
import { startSandbox } from '../../../src/sandbox/index.ts';
import { canaryFleet, isOwnAsk, startGateway } from '../../support/gateway.ts';
import type { Gateway } from '../../support/gateway.ts';
import { afterwards, arrivals, retriesAtOnce, until } from './fixture.ts';
import { countOf, load } from './fleet-load.ts';

const bansOf = (gateway: Gateway) => gateway.space.orm.em.fork().find(Ban, {});

function breakDown(gateway: Gateway, fault: string): void {
  for (const { name } of gateway.sandbox.credentials) gateway.sandbox.faults.set(name, fault);
}

function mend(gateway: Gateway): void {
  for (const { name } of gateway.sandbox.credentials) gateway.sandbox.faults.clear(name);
}

test.each(['status;code=503', 'status;code=500;body=html', 'close-before-head;mode=rst'])(
  '%s for 30 seconds at the only origin',
  async (fault) => {
    const gateway = await startGateway({ fleet: canaryFleet(10, 10, 10, 10, 10) });
    expect(countOf(await load(gateway, 50), 200)).toBe(50);
    breakDown(gateway, fault);
    const during = await load(gateway, 600);
    expect(countOf(during, 502)).toBe(600);
    mend(gateway);
    expect(countOf(await load(gateway, 50), 200)).toBe(50);
    expect(await bansOf(gateway)).toEqual([]);
    const states = (await gateway.events()).filter(({ type }) =>
      type.startsWith('credential_health.'),
    );
    expect(states).toEqual([]);
  },
);

const CALLS = 200;
const HELD_MS = 30_000;

test('of the calls under way no more than a fifth are retries of an origin that is down', async () => {
  const fleet = canaryFleet(10, 10, 10);
  const gateway = await startGateway({ fleet, isClockShared: true });
  // Each attempt is held until time goes on: who retries does so beside all others that do.
  breakDown(gateway, `delay-head;ms=${HELD_MS}|status;code=503`);
  const before = arrivals(gateway).length;
  let ended = 0;
  const calls = Array.from({ length: CALLS }, async () => {
    await (await gateway.chat()).arrayBuffer();
    ended += 1;
  });
  const retries = () => arrivals(gateway).length - before - CALLS;
  await until(() => retries() === 0);
  gateway.clock.advance(HELD_MS);
  await until(() => ended + retries() >= CALLS);
  expect(retries()).toBeGreaterThan(3);
  mend(gateway);
  gateway.clock.advance(HELD_MS);
  await Promise.all(calls);
  expect(retriesAtOnce(gateway)).toBeLessThanOrEqual(CALLS * 0.2);
});

/** Two origins, one credential at each; the first is the gateway's own sandbox. */
async function startTwoOrigins() {
  const fleet = canaryFleet(10, 10);
  const [one, two] = fleet;
  if (one === undefined || two === undefined) throw new Error('two credentials');
  const other = await startSandbox({ credentials: [two] });
  afterwards(() => other.close());
  const sandbox = await startSandbox({ credentials: [one] });
  afterwards(() => sandbox.close());
  const credentials = [
    { name: one.name, provider: 'sandbox', api_key: one.key, base_url: `${sandbox.url}/v1` },
    { name: two.name, provider: 'sandbox', api_key: two.key, base_url: `${other.url}/v1` },
  ];
  const gateway = await startGateway({ fleet, pool: { credentials } });
  const reached = () =>
    sandbox.witness.entries.filter((entry) => entry.kind === 'received' && !isOwnAsk(entry)).length;
  return { gateway, sandbox, reached };
}

test('of two origins the one that is down is left alone, then tried by one call at a time', async () => {
  const { gateway, sandbox, reached } = await startTwoOrigins();
  sandbox.faults.set('cred-1', 'status;code=503');
  const statuses = await load(gateway, 100);
  // Five of the first ten went there at once, for which the budget has three retries.
  expect(countOf(statuses, 200)).toBeGreaterThanOrEqual(98);
  expect(countOf(statuses.slice(10), 200)).toBe(90);
  const atEjection = reached();
  // Five failures in a row, and those of the same wave.
  expect(atEjection).toBeLessThanOrEqual(10);
  expect(await gateway.events('origin_health.ejected')).toHaveLength(1);

  sandbox.faults.set('cred-1', 'delay-head;ms=50|status;code=503');
  gateway.clock.advance(33_001);
  const together = Array.from({ length: 50 }, async () => {
    const response = await gateway.chat();
    await response.arrayBuffer();
    return response.status;
  });
  expect(countOf(await Promise.all(together), 200)).toBe(50);
  expect(reached()).toBe(atEjection + 1);

  sandbox.faults.clear();
  gateway.clock.advance(66_001);
  expect(countOf(await load(gateway, 100), 200)).toBe(100);
  expect(reached()).toBeGreaterThan(atEjection + 40);
  await until(async () => (await gateway.events('origin_health.active')).length === 1);
  expect(await bansOf(gateway)).toEqual([]);
});
