import { expect, test } from '@jest/globals';
import { MovableClock } from '../../support/movable-clock.ts';
import { countOf } from '../proxy/fleet-load.ts';
import { isFinished, poolAt, until } from '../proxy/fixture.ts';
import { startGateway } from '../../support/gateway.ts';
import { HELD_MS, complete, servers, startFleet, startProvider, statusOf } from './fixture.ts';

/** Asks for at most so many tokens of output; the sandbox says a dozen words. */
const AT_MOST = { max_tokens: 900 };

const withinCredential = (tpm: number) => ({ members: [{ fields: { tpm } }] });
const withinModel = (tpm: number) => ({
  pool: { models: [{ name: 'gpt-4o-mini', tpm }] },
  members: [{}],
});

const LIMITS = [
  ['a credential', withinCredential],
  ['a model', withinModel],
] as const;

test.each([
  ['a credential', { fields: { tpm: 3000 }, models: [] }],
  ['a model', { fields: {}, models: [{ name: 'gpt-4o-mini', tpm: 3000 }] }],
])('%s: calls at once are held to what they may use', async (_name, { fields, models }) => {
  const held: (() => void)[] = [];
  const provider = await startProvider(['gpt-4o-mini'], (response, seen) => {
    held.push(() => complete(response, seen));
  });
  const [credential] = poolAt(provider.baseUrl).credentials;
  const gateway = await startGateway({
    pool: { models, credentials: [{ ...credential, ...fields }] },
  });
  const statuses: number[] = [];
  const calls = Array.from({ length: 50 }, async () => {
    statuses.push(await statusOf(gateway, AT_MOST));
  });
  // 900 and the input each: three fit.
  await until(() => countOf(statuses, 429) === 47);
  for (const answer of held) answer();
  await Promise.all(calls);
  expect(held).toHaveLength(3);
  expect(countOf(statuses, 200)).toBe(3);
});

test.each(LIMITS)(
  '%s: one after the other, what was really used counts',
  async (_name, limited) => {
    const gateway = await startFleet(limited(3000));
    let used = 0;
    let served = 0;
    for (; served < 500; served += 1) {
      if ((await statusOf(gateway, AT_MOST)) !== 200) break;
      const { usage } = gateway.sandbox.witness.entries.findLast(isFinished) ?? {};
      used += (usage as { total_tokens: number }).total_tokens;
    }
    // Full when another 900 and its input do not fit any more beside what was used.
    expect(served).toBeGreaterThan(10);
    expect(used).toBeGreaterThan(3000 - 1000);
    expect(used).toBeLessThanOrEqual(3000);
    gateway.clock.advance(60_001);
    expect(await statusOf(gateway, AT_MOST)).toBe(200);
  },
);

test.each(LIMITS)(
  '%s: a call that came to nothing gives its tokens back',
  async (_name, limited) => {
    const gateway = await startFleet(limited(1000));
    gateway.sandbox.faults.set('cred-1', 'status;code=500', { times: 2 });
    expect(await statusOf(gateway, AT_MOST)).toBe(502);
    expect(await statusOf(gateway, AT_MOST)).toBe(502);
    expect(await statusOf(gateway, AT_MOST)).toBe(200);
    gateway.sandbox.faults.set('cred-1', 'status;code=422;error-code=odd', { times: 1 });
    expect(await statusOf(gateway, { max_tokens: 800 })).toBe(422);
    expect(await statusOf(gateway, { max_tokens: 800 })).toBe(200);
  },
);

test.each(LIMITS)('%s: a stream is settled by what it told', async (_name, limited) => {
  const gateway = await startFleet(limited(1000));
  for (let round = 0; round < 3; round += 1) {
    expect(await statusOf(gateway, { max_tokens: 800, stream: true })).toBe(200);
  }
  gateway.sandbox.faults.set('cred-1', 'first-event-error', { times: 1 });
  expect(await statusOf(gateway, { max_tokens: 800, stream: true })).toBe(502);
  expect(await statusOf(gateway, { max_tokens: 800, stream: true })).toBe(200);
});

test('a credential whose tokens are used up is passed over, another one serves', async () => {
  const fleetClock = new MovableClock();
  const gateway = await startFleet({
    pool: { strategy: 'priority' },
    members: [{ fields: { tpm: 1000 } }, { fields: { priority: 2 } }],
    fleetClock,
  });
  gateway.sandbox.faults.set('cred-1', `delay-head;ms=${HELD_MS}`, { times: 1 });
  const slow = statusOf(gateway, { ...AT_MOST, stream: true });
  await until(() => servers(gateway).length === 1);
  // The first is under way still, with all its tokens reserved.
  expect(await statusOf(gateway, AT_MOST)).toBe(200);
  fleetClock.advance(HELD_MS);
  expect(await slow).toBe(200);
  expect(await statusOf(gateway, AT_MOST)).toBe(200);
  expect(servers(gateway)).toEqual(['cred-1', 'cred-2', 'cred-1']);
});

test('a call that may use more than the limit alone goes when nothing else counts', async () => {
  const gateway = await startFleet(withinCredential(100));
  expect(await statusOf(gateway, AT_MOST)).toBe(200);
  expect(await statusOf(gateway, AT_MOST)).toBe(429);
  gateway.clock.advance(60_001);
  expect(await statusOf(gateway, AT_MOST)).toBe(200);
});
