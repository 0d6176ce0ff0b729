import type { ServerResponse } from 'node:http';
import { expect, test } from '@jest/globals';
import { startGateway } from '../../support/gateway.ts';
import { MovableClock } from '../../support/movable-clock.ts';
import { poolAt, retriesAtOnce, startUpstream, until, verdictsOf } from '../proxy/fixture.ts';
import {
  HELD_MS,
  errorOf,
  received,
  sendJson,
  servers,
  startFleet,
  statusOf,
  together,
} from './fixture.ts';

const FIVE = [{}, {}, {}, {}, {}];

test.each([
  [1, 'status;code=401'],
  [2, 'status;code=429'],
  [3, 'status;code=500'],
  [4, 'status;code=403'],
  [5, 'error-in-200;code=rate_limit_exceeded'],
])('attempts_max %i: so many upstream calls and no more (%s)', async (attempts, fault) => {
  const gateway = await startFleet({ pool: { attempts_max: attempts }, members: FIVE });
  for (const { name } of gateway.sandbox.credentials) gateway.sandbox.faults.set(name, fault);
  const response = await gateway.chat();
  expect(response.status).not.toBe(200);
  expect(response.status).not.toBe(401);
  expect(received(gateway)).toHaveLength(attempts);
  // Never the same credential twice.
  expect(new Set(servers(gateway)).size).toBe(attempts);
  expect((await gateway.records())[0]?.attempts).toHaveLength(attempts);
});

test('the last attempt that is allowed may still serve', async () => {
  const gateway = await startFleet({
    pool: { attempts_max: 3, strategy: 'priority' },
    members: FIVE.map((_each, index) => ({ fields: { priority: index + 1 } })),
  });
  gateway.sandbox.faults.set('cred-1', 'status;code=401', { times: 1 });
  gateway.sandbox.faults.set('cred-2', 'status;code=503', { times: 1 });
  expect(await statusOf(gateway)).toBe(200);
  expect((await gateway.records()).map(verdictsOf)).toEqual([
    ['unauthorized', 'server_error', 'served'],
  ]);
});

/** Calls held open until the test answers them. */
async function startHeld(timeouts: Record<string, number>) {
  const held: ServerResponse[] = [];
  const { baseUrl } = await startUpstream((response) => void held.push(response));
  const pool = { ...poolAt(baseUrl, baseUrl, baseUrl), timeouts };
  const gateway = await startGateway({ pool });
  return { gateway, held };
}

test('the total time holds over all attempts together', async () => {
  const { gateway, held } = await startHeld({ total_ms: 10_000 });
  const answered = gateway.chat();
  await until(() => held.length === 1);
  gateway.clock.advance(6000);
  if (held[0] !== undefined) sendJson(held[0], 503, { error: { message: 'Busy.' } });
  await until(() => held.length === 2);
  // The second has been under way for no more than five.
  gateway.clock.advance(4500);
  const response = await answered;
  expect(response.status).toBe(504);
  expect((await errorOf(response)).code).toBe('upstream_timeout');
  expect(held).toHaveLength(2);
  const [record] = await gateway.records();
  expect(verdictsOf(record)).toEqual(['server_error', 'deadline']);
  expect(record).toMatchObject({ outcome: 'voided', costNano: 0n });
  expect(record?.durationMs).toBeGreaterThanOrEqual(10_000);
  // Our own limit: the origin is not to blame for it.
  const [origin] = gateway.app.pools.all().flatMap((pool) => pool.members);
  expect(origin?.originHealth.exclusion('gpt-4o-mini', gateway.clock.now())).toBeNull();
});

test('each attempt has a time of its own to its first byte, which no other attempt eats', async () => {
  const { gateway, held } = await startHeld({ first_byte_ms: 5000, total_ms: 60_000 });
  const answered = gateway.chat();
  await until(() => held.length === 1);
  gateway.clock.advance(4000);
  if (held[0] !== undefined) sendJson(held[0], 429, { error: { message: 'Busy.' } });
  await until(() => held.length === 2);
  gateway.clock.advance(4000);
  if (held[1] !== undefined) sendJson(held[1], 200, { object: 'chat.completion', choices: [] });
  expect((await answered).status).toBe(200);
});

test('a stream that has begun is held to the total time too', async () => {
  const { gateway, held } = await startHeld({ total_ms: 10_000 });
  const answered = gateway.chat({ stream: true });
  await until(() => held.length === 1);
  held[0]?.writeHead(200, { 'content-type': 'text/event-stream' });
  held[0]?.write('data: {"choices":[{"index":0,"delta":{"content":"one"}}]}\n\n');
  const response = await answered;
  const reader = response.body?.getReader();
  await reader?.read();
  gateway.clock.advance(10_001);
  let text = '';
  for (let piece = await reader?.read(); piece?.done === false; piece = await reader?.read()) {
    text += Buffer.from(piece.value).toString();
  }
  expect(text).toContain('stream_timeout');
  expect(text).not.toContain('[DONE]');
  expect((await gateway.records())[0]).toMatchObject({ outcome: 'partial' });
});

test('retries after failures of an origin have a budget, others need none', async () => {
  // It is not to be the ejection that holds them back.
  const fleetClock = new MovableClock();
  const pool = { ejection: { failures: 1000 } };
  const gateway = await startFleet({ pool, members: FIVE, fleetClock });
  const failAll = (fault: string) => {
    for (const { name } of gateway.sandbox.credentials) gateway.sandbox.faults.set(name, fault);
  };
  failAll(`delay-head;ms=${HELD_MS}|status;code=500`);
  const answered = together(gateway, 50);
  await until(() => received(gateway).length === 50);
  // At any time a fifth of the calls in flight at most.
  failAll('delay-head;ms=20|status;code=500');
  fleetClock.advance(HELD_MS);
  await answered;
  const afterFailures = received(gateway).length;
  expect(afterFailures).toBeGreaterThan(50);
  expect(retriesAtOnce(gateway)).toBeLessThanOrEqual(10);

  failAll('status;code=408');
  await together(gateway, 50, { model: 'gpt-4o' });
  expect(received(gateway)).toHaveLength(afterFailures + 100);
});

test('408, 409 and 425 are tried elsewhere once, then told as they are', async () => {
  const gateway = await startFleet({ members: FIVE });
  for (const { name } of gateway.sandbox.credentials) {
    gateway.sandbox.faults.set(name, 'status;code=409;error-code=locked;message=Locked.');
  }
  const response = await gateway.chat();
  expect(response.status).toBe(409);
  expect((await errorOf(response)).message).toBe('Locked.');
  // The second says that it is the request's doing.
  expect((await gateway.records()).map(verdictsOf)).toEqual([['try_elsewhere', 'client_error']]);
  expect(await gateway.events('credential_ban.imposed')).toEqual([]);
});
