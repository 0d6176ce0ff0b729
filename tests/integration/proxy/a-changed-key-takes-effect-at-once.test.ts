import { expect, test } from '@jest/globals';
import { createLogger } from '../../../src/lib/logger.ts';
import { systemClock } from '../../../src/lib/clock.ts';
import { openWorkspace } from '../../../src/workspace.ts';
import { quickest } from '../../support/fastest-of.ts';
import { startGateway } from '../../support/gateway.ts';
import { afterwards, arrivals, until } from './fixture.ts';
import { SYSTEM } from '../../../src/services/actor.ts';

const DAY_MS = 86_400_000;
const SECOND_MS = 1000;
const TRIES = 5;

test('a key that was switched off is refused as soon as the change is confirmed', async () => {
  const gateway = await startGateway();
  const { keys } = gateway.space;
  expect((await gateway.chat()).status).toBe(200);
  await keys.update(SYSTEM, gateway.keyId, { isActive: false });
  const refused = await gateway.chat();
  expect(refused.status).toBe(401);
  expect(await refused.json()).toMatchObject({ error: { code: 'invalid_api_key' } });
  expect(refused.headers.get('x-should-retry')).toBe('false');
  await keys.update(SYSTEM, gateway.keyId, { isActive: true });
  expect((await gateway.chat()).status).toBe(200);
  expect(arrivals(gateway)).toHaveLength(2);
});

test('a key that another process switches off is refused within a second', async () => {
  const gateway = await startGateway();
  const logger = createLogger({ level: 'silent' });
  const other = await openWorkspace(gateway.space.config, systemClock, logger);
  afterwards(() => other.close());
  expect((await gateway.chat()).status).toBe(200);
  const refusedMs = async () => {
    await other.keys.update(SYSTEM, gateway.keyId, { isActive: true });
    await until(async () => (await gateway.chat()).status === 200);
    await other.keys.update(SYSTEM, gateway.keyId, { isActive: false });
    return until(async () => (await gateway.chat()).status === 401);
  };
  expect(await quickest(SECOND_MS, TRIES, refusedMs)).toBeLessThan(SECOND_MS);
});

test('a key that another process makes is served within a second', async () => {
  const gateway = await startGateway();
  const logger = createLogger({ level: 'silent' });
  const other = await openWorkspace(gateway.space.config, systemClock, logger);
  afterwards(() => other.close());
  const servedMs = async () => {
    const { key } = await other.keys.create(SYSTEM, { name: 'made elsewhere' });
    const headers = { authorization: `Bearer ${key}` };
    return until(async () => (await gateway.chat({}, headers)).status === 200);
  };
  expect(await quickest(SECOND_MS, TRIES, servedMs)).toBeLessThan(SECOND_MS);
});

test('a key expires at its time, without anything being swept', async () => {
  const gateway = await startGateway();
  await gateway.space.keys.update(SYSTEM, gateway.keyId, { expiresInDays: 1 });
  expect((await gateway.chat()).status).toBe(200);
  gateway.clock.advance(DAY_MS - 60_000);
  expect((await gateway.chat()).status).toBe(200);
  gateway.clock.advance(60_001);
  expect((await gateway.chat()).status).toBe(401);
});

test('a new limit counts from the next call on', async () => {
  const gateway = await startGateway();
  await gateway.space.keys.update(SYSTEM, gateway.keyId, { rpmLimit: 1 });
  expect((await gateway.chat()).status).toBe(200);
  expect((await gateway.chat()).status).toBe(429);
  await gateway.space.keys.update(SYSTEM, gateway.keyId, { rpmLimit: null });
  expect((await gateway.chat()).status).toBe(200);
});
