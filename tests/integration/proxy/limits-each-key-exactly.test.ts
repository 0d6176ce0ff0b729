import { expect, test } from '@jest/globals';
import { startGateway } from '../../support/gateway.ts';
import type { Gateway } from '../../support/gateway.ts';
import { arrivals } from './fixture.ts';
import { SYSTEM } from '../../../src/services/actor.ts';

async function limitedGateway(rpmLimit: number): Promise<Gateway> {
  const gateway = await startGateway();
  await gateway.space.keys.update(SYSTEM, gateway.keyId, { rpmLimit });
  return gateway;
}

/** Statuses of so many calls at once, counted. */
async function burst(gateway: Gateway, count: number) {
  const responses = await Promise.all(Array.from({ length: count }, () => gateway.chat()));
  const served = responses.filter(({ status }) => status === 200).length;
  const limited = responses.filter(({ status }) => status === 429);
  expect(served + limited.length).toBe(count);
  await Promise.all(responses.map((response) => response.arrayBuffer()));
  return { served, limited };
}

test('of 200 calls at once exactly 10 are served, and a minute later 10 again', async () => {
  const gateway = await limitedGateway(10);
  const first = await burst(gateway, 200);
  expect(first.served).toBe(10);
  const retry = Number(first.limited[0]?.headers.get('retry-after'));
  expect(retry).toBeGreaterThan(50);
  expect(retry).toBeLessThanOrEqual(60);

  // Refused calls have counted nothing, so the ten of the first moment are all that is waited for.
  gateway.clock.advance(60_000);
  expect((await burst(gateway, 50)).served).toBe(10);
  expect(arrivals(gateway)).toHaveLength(20);
  expect(await gateway.records()).toHaveLength(20);
});

test('before the minute is over nothing is served, however often it is tried', async () => {
  const gateway = await limitedGateway(3);
  expect((await burst(gateway, 5)).served).toBe(3);
  for (let round = 0; round < 5; round += 1) {
    gateway.clock.advance(10_000);
    expect((await burst(gateway, 2)).served).toBe(0);
  }
  gateway.clock.advance(10_000);
  expect((await burst(gateway, 5)).served).toBe(3);
});

test('calls that are refused for other reasons count nothing', async () => {
  const gateway = await limitedGateway(2);
  for (let round = 0; round < 5; round += 1) {
    const bad = await gateway.fetch('/v1/chat/completions', { body: '{"model":' });
    expect(bad.status).toBe(400);
    const unknown = await gateway.fetch('/v1/nothing', { body: {} });
    expect(unknown.status).toBe(404);
  }
  expect((await burst(gateway, 4)).served).toBe(2);
});

test('each key has its own minute', async () => {
  const gateway = await limitedGateway(1);
  const { key } = await gateway.space.keys.create(SYSTEM, { name: 'other', rpmLimit: 1 });
  const headers = { authorization: `Bearer ${key}` };
  expect((await gateway.chat()).status).toBe(200);
  expect((await gateway.chat({}, headers)).status).toBe(200);
  expect((await gateway.chat({}, headers)).status).toBe(429);
  const refused = await gateway.chat();
  expect(refused.headers.get('x-should-retry')).toBe('true');
  expect(await refused.json()).toMatchObject({ error: { code: 'rate_limit_exceeded' } });
});
