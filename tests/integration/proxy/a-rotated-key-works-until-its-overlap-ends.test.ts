import { expect, test } from '@jest/globals';
import { VirtualKey } from '../../../src/entities/virtual-key.ts';
import { startGateway } from '../../support/gateway.ts';
import type { Gateway } from '../../support/gateway.ts';
import { arrivals } from './fixture.ts';
import { CLI } from '../../../src/services/actor.ts';

const HOUR_MS = 3_600_000;

async function statusWith(gateway: Gateway, token: string): Promise<number> {
  const response = await gateway.chat({}, { authorization: `Bearer ${token}` });
  await response.arrayBuffer();
  return response.status;
}

const statusesWith = async (gateway: Gateway, ...tokens: string[]): Promise<number[]> => {
  const statuses: number[] = [];
  for (const token of tokens) statuses.push(await statusWith(gateway, token));
  return statuses;
};

test('both work until the overlap is over, and the new one alone from then on', async () => {
  const gateway = await startGateway();
  const { clock, key: old, keyId, space } = gateway;
  const { key, virtualKey } = await space.keys.rotate(CLI, keyId, { overlapMs: HOUR_MS });
  expect(virtualKey.id).toBe(keyId);
  expect(await statusesWith(gateway, old, key)).toEqual([200, 200]);
  const leftMs = Number(virtualKey.previousUntil) - clock.now();
  clock.advance(leftMs - 60_000);
  expect(await statusesWith(gateway, old, key)).toEqual([200, 200]);
  clock.advance(60_000);
  expect(await statusesWith(gateway, old, key)).toEqual([401, 200]);
  expect(arrivals(gateway)).toHaveLength(5);
  // One key, whichever of the two was shown.
  const owners = (await gateway.records()).map((record) => record.keyId);
  expect(new Set(owners)).toEqual(new Set([keyId]));
});

test('the two share one minute and one budget', async () => {
  const gateway = await startGateway();
  const { clock, key: old, keyId, space } = gateway;
  await space.keys.update(CLI, keyId, { rpmLimit: 3 });
  const { key } = await space.keys.rotate(CLI, keyId, { overlapMs: HOUR_MS });
  const tokens = Array.from({ length: 40 }, (_, at) => (at % 2 === 0 ? old : key));
  const statuses = await Promise.all(tokens.map((token) => statusWith(gateway, token)));
  expect(statuses.filter((status) => status === 200)).toHaveLength(3);
  await space.budgets.set(CLI, { scope: 'key', subject: keyId, cap: '0.000001', period: 'none' });
  clock.advance(60_000);
  expect(await statusesWith(gateway, old, key)).toEqual([402, 402]);
  expect(arrivals(gateway)).toHaveLength(3);
});

test('a second rotation ends the overlap of the first', async () => {
  const gateway = await startGateway();
  const { key: first, keyId, space } = gateway;
  const { key: second } = await space.keys.rotate(CLI, keyId, { overlapMs: HOUR_MS });
  const { key: third } = await space.keys.rotate(CLI, keyId, { overlapMs: HOUR_MS });
  expect(await statusesWith(gateway, first, second, third)).toEqual([401, 200, 200]);
  const { key: fourth } = await space.keys.rotate(CLI, keyId);
  expect(await statusesWith(gateway, first, second, third, fourth)).toEqual([401, 401, 401, 200]);
});

test('during its overlap an old key dies with the key it belongs to', async () => {
  const gateway = await startGateway();
  const { key: old, keyId, space } = gateway;
  const { key } = await space.keys.rotate(CLI, keyId, { overlapMs: HOUR_MS });
  await space.keys.update(CLI, keyId, { isActive: false });
  expect(await statusesWith(gateway, old, key)).toEqual([401, 401]);
  await space.keys.update(CLI, keyId, { isActive: true });
  expect(await statusesWith(gateway, old, key)).toEqual([200, 200]);
  await space.keys.remove(CLI, keyId);
  expect(await statusesWith(gateway, old, key)).toEqual([401, 401]);
  // What it did keeps its name.
  const tombstone = await space.orm.em.fork().findOneOrFail(VirtualKey, { id: keyId });
  expect(tombstone).toMatchObject({ name: 'test', isActive: false, previousHash: null });
  expect(await gateway.records()).toHaveLength(2);
  await expect(space.keys.update(CLI, keyId, { isActive: true })).rejects.toMatchObject({
    code: expect.stringMatching(/not_found|conflict|invalid_request/),
  });
  expect(await statusesWith(gateway, old, key)).toEqual([401, 401]);
});

test('a stream of the old secret ends within a second of a rotation without overlap', async () => {
  const gateway = await startGateway({ isClockShared: true });
  const stalled = { 'x-sandbox-fault': 'stall-after-chunks;n=3' };
  const response = await gateway.chat({ stream: true }, stalled);
  const { key } = await gateway.space.keys.rotate(CLI, gateway.keyId);
  gateway.clock.advance(1000);
  expect(await response.text()).toMatch(/"code":"key_revoked"/);
  expect(await statusesWith(gateway, gateway.key, key)).toEqual([401, 200]);
});
