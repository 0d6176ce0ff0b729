import { expect, test } from '@jest/globals';
import { canaryFleet, startGateway } from '../../support/gateway.ts';
import type { Gateway } from '../../support/gateway.ts';
import {
  poolAt,
  rawClient,
  readSocket,
  startUpstream,
  until,
  verdictsOf,
} from '../proxy/fixture.ts';
import { statusOf } from './fixture.ts';
import { CLI } from '../../../src/services/actor.ts';

/** Counts a call without an answer as 502, and bans for good at the third (contracts D3). */
const STRICT = { preset: 'auto-router' };

const bans = async (gateway: Gateway) => {
  await gateway.app.upkeep.journal.flushed();
  return gateway.events('credential_ban.imposed');
};

const upload = (gateway: Gateway) =>
  rawClient(gateway, {
    path: '/v1/files',
    headers: { 'content-type': 'multipart/form-data; boundary=x', 'transfer-encoding': 'chunked' },
  });

test('a broken upload is its client\u2019s doing', async () => {
  const gateway = await startGateway({ fleet: canaryFleet(10), pool: STRICT });
  for (let call = 0; call < 4; call += 1) {
    const socket = upload(gateway);
    socket.write('3\r\n--x\r\nnonsense\r\n');
    await readSocket(socket);
  }
  const records = await gateway.records();
  expect(records.map(({ outcome }) => outcome)).toEqual(['voided', 'voided', 'voided', 'voided']);
  expect(records.flatMap(verdictsOf)).toEqual(Array.from({ length: 4 }, () => 'client_gone'));
  expect(await bans(gateway)).toEqual([]);
  expect(await gateway.events('origin_health.ejected')).toEqual([]);
});

test('an upload that stalls is waited for, then given up, and nobody is blamed', async () => {
  let heads = 0;
  const upstream = await startUpstream(
    () => undefined,
    (request) => {
      if (request.url === '/v1/files') heads += 1;
    },
  );
  const gateway = await startGateway({ pool: { ...poolAt(upstream.baseUrl), ...STRICT } });
  for (let call = 1; call <= 4; call += 1) {
    const socket = upload(gateway);
    // The last piece that came is held back, so there must be one before it.
    socket.write('3\r\n--x\r\n3\r\nabc\r\n');
    const closed = readSocket(socket, (text) => text.includes('\r\n\r\n'));
    // Connected and begun: from here on it waits for the client alone.
    await until(() => heads === call);
    gateway.clock.advance(60_001);
    await until(() => socket.bytesRead > 0);
    socket.destroy();
    await closed;
  }
  expect((await gateway.records()).flatMap(verdictsOf)).toEqual(
    Array.from({ length: 4 }, () => 'client_gone'),
  );
  expect(await bans(gateway)).toEqual([]);
  expect(await gateway.events('origin_health.ejected')).toEqual([]);
});

test('a stored file that reads like an error is a file', async () => {
  const stored = '{"error":{"code":"insufficient_quota","message":"mine"}}';
  const upstream = await startUpstream((response) => {
    response.writeHead(200, { 'content-type': 'application/json' }).end(stored);
  });
  const gateway = await startGateway({ pool: poolAt(upstream.baseUrl) });
  for (let call = 0; call < 2; call += 1) {
    const response = await gateway.fetch('/v1/files/file-1/content', { method: 'GET' });
    expect(response.status).toBe(200);
    expect(await response.text()).toBe(stored);
  }
  expect(await gateway.events('credential_health.exhausted')).toEqual([]);
});

test('unknown models move no selection', async () => {
  const pool = { preset: 'model-gateway', models: [], discover_models: false };
  const gateway = await startGateway({ fleet: canaryFleet(10, 10, 10), pool });
  for (const { name } of gateway.sandbox.credentials) {
    gateway.sandbox.faults.set(name, 'status;code=404');
  }
  for (let call = 0; call < 5; call += 1) {
    expect(await statusOf(gateway, { model: `made-up-${call}` })).toBe(404);
  }
  await gateway.app.upkeep.journal.flushed();
  expect(await gateway.events('pool.credential_selected')).toEqual([]);
});

test('the same Idempotency-Key of two virtual keys is not the same to their upstream', async () => {
  const told: unknown[] = [];
  const upstream = await startUpstream((response, request) => {
    told.push(request.headers['idempotency-key']);
    response
      .writeHead(200, { 'content-type': 'application/json' })
      .end('{"object":"chat.completion"}');
  });
  const gateway = await startGateway({ pool: poolAt(upstream.baseUrl) });
  const other = await gateway.space.keys.create(CLI, { name: 'other' });
  const headers = { 'idempotency-key': 'order-1' };
  await gateway.chat({}, headers);
  await gateway.chat({}, { ...headers, authorization: `Bearer ${other.key}` });
  await gateway.chat({}, { 'idempotency-key': 'order-2' });
  expect(new Set(told).size).toBe(3);
  expect(told).not.toContain('order-1');
});

test('a model\u2019s limit holds also for calls that fail over to another name of it', async () => {
  const credentials = poolAt('', '').credentials;
  const broken = await startUpstream((response) => void response.writeHead(500).end());
  const good = await startUpstream((response) => {
    response
      .writeHead(200, { 'content-type': 'application/json' })
      .end('{"object":"chat.completion"}');
  });
  const pool = {
    strategy: 'priority',
    discover_models: false,
    ejection: { failures: 1000 },
    credentials: [
      { ...credentials[0], base_url: broken.baseUrl, priority: 1 },
      { ...credentials[1], base_url: good.baseUrl, priority: 2 },
    ],
    models: [
      { name: 'house', upstream: 'llama', credentials: ['cred-1'] },
      { name: 'house', upstream: 'gpt-4o', credentials: ['cred-2'], rpm: 2 },
    ],
  };
  const gateway = await startGateway({ pool });
  const statuses: number[] = [];
  for (let call = 0; call < 5; call += 1)
    statuses.push(await statusOf(gateway, { model: 'house' }));
  expect(statuses.filter((status) => status === 200)).toHaveLength(2);
  expect(good.bodies).toHaveLength(2);
});
