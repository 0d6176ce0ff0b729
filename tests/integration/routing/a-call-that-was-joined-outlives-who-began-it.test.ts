import { expect, test } from '@jest/globals';
import type { Socket } from 'node:net';
import { startGateway } from '../../support/gateway.ts';
import type { Gateway } from '../../support/gateway.ts';
import { PATIENCE_MS } from '../../support/patience.ts';
import { chatBody, isFinished, rawClient, readSocket, until } from '../proxy/fixture.ts';
import { received } from './fixture.ts';

/** A stream of thirty events, one each 20 ms. */
const SLOW = { sandbox: { chunkCount: 30, chunkPaceMs: 20 } };

const KEYED = { 'idempotency-key': 'shared' };

function begin(gateway: Gateway): Socket {
  const body = chatBody({ stream: true });
  const headers = { 'content-type': 'application/json', 'content-length': body.length, ...KEYED };
  const socket = rawClient(gateway, { path: '/v1/chat/completions', headers });
  socket.write(body);
  return socket;
}

const isUnderWay = (text: string) => (text.match(/data: /g) ?? []).length >= 3;

/** The body's events, whatever pieces they came in. */
const eventsOf = (text: string): string[] => text.match(/data: .*/g) ?? [];

const charged = ({ sandbox }: Gateway): bigint =>
  sandbox.witness.entries
    .filter(isFinished)
    .reduce((sum, { costNano }) => sum + BigInt(costNano), 0n);

/** Calls in the gateway, as its metrics tell. */
async function underWay({ url }: Gateway): Promise<number> {
  const text = await (await fetch(`${url}/metrics`)).text();
  return Number(/^tollgate_in_flight (\d+)$/m.exec(text)?.[1]);
}

test('who joins a stream late gets all of it, and both get the same', async () => {
  const gateway = await startGateway(SLOW);
  const first = begin(gateway);
  const whole = readSocket(first, (text) => text.includes('[DONE]'));
  await readSocket(first, isUnderWay);
  const joined = await gateway.chat({ stream: true }, KEYED);
  expect(joined.status).toBe(200);
  expect(joined.headers.get('content-type')).toContain('text/event-stream');
  const text = await joined.text();
  expect(eventsOf(text)).toEqual(eventsOf(await whole));
  expect(eventsOf(text).length).toBeGreaterThan(30);
  expect(text.match(/\[DONE\]/g)).toHaveLength(1);
  const records = await gateway.records();
  expect(records.map(({ id }) => id)).toEqual([joined.headers.get('x-request-id')]);
  expect(received(gateway)).toHaveLength(1);
});

test('who began it leaves: the other one gets everything, and it is charged once and in full', async () => {
  const gateway = await startGateway(SLOW);
  const first = begin(gateway);
  await readSocket(first, isUnderWay);
  const joined = await gateway.chat({ stream: true }, KEYED);
  first.destroy();
  const text = await joined.text();
  expect(text.match(/\[DONE\]/g)).toHaveLength(1);
  expect(eventsOf(text).length).toBeGreaterThan(30);
  const records = await gateway.records();
  expect(records).toHaveLength(1);
  expect(records[0]).toMatchObject({ outcome: 'settled', reason: 'ok', usageSource: 'reported' });
  expect(records[0]?.costNano).toBe(charged(gateway));
  expect(gateway.sandbox.witness.entries.find(isFinished)).toMatchObject({ outcome: 'completed' });
  // And it is kept: a third one gets the same.
  const third = await gateway.chat({ stream: true }, KEYED);
  expect(third.headers.get('idempotent-replayed')).toBe('true');
  expect(await third.text()).toBe(text);
  expect(received(gateway)).toHaveLength(1);
});

test('all have left: the upstream is aborted, and the next one begins anew', async () => {
  // Not over by itself before they have left, on any machine.
  const gateway = await startGateway({ sandbox: { chunkCount: 10_000, chunkPaceMs: 20 } });
  const sockets = [begin(gateway), begin(gateway), begin(gateway)];
  await Promise.all(sockets.map((socket) => readSocket(socket, isUnderWay)));
  expect(received(gateway)).toHaveLength(1);
  for (const socket of sockets) socket.destroy();
  const ended = await gateway.sandbox.witness.waitFor(isFinished, PATIENCE_MS);
  expect(ended.outcome).toBe('aborted');
  await until(async () => (await gateway.records()).length === 1);
  const again = await gateway.chat({ stream: true }, { ...KEYED, 'x-sandbox-chunks': '3' });
  expect(again.headers.get('idempotent-replayed')).toBeNull();
  expect((await again.text()).match(/\[DONE\]/g)).toHaveLength(1);
  const records = await gateway.records();
  expect(records.map(({ outcome }) => outcome)).toEqual(['partial', 'settled']);
});

test('who joins and leaves takes nothing from who began it', async () => {
  const gateway = await startGateway(SLOW);
  const first = begin(gateway);
  const whole = readSocket(first, (text) => text.includes('[DONE]'));
  await readSocket(first, isUnderWay);
  const guest = begin(gateway);
  await readSocket(guest, isUnderWay);
  guest.destroy();
  expect(eventsOf(await whole).length).toBeGreaterThan(30);
  expect((await gateway.records()).map(({ outcome }) => outcome)).toEqual(['settled']);
});

test('a plain call that was joined is finished for who stayed', async () => {
  const gateway = await startGateway({ isClockShared: true });
  gateway.sandbox.faults.set('cred-1', 'delay-head;ms=30000', { times: 1 });
  const leaving = new AbortController();
  const body = JSON.parse(chatBody()) as object;
  const path = '/v1/chat/completions';
  const first = gateway.fetch(path, { body, headers: KEYED, signal: leaving.signal });
  const left = first.then(
    () => 'answered',
    () => 'left',
  );
  await until(() => received(gateway).length === 1);
  const second = gateway.fetch(path, { body, headers: KEYED });
  await until(async () => (await underWay(gateway)) === 2);
  leaving.abort();
  expect(await left).toBe('left');
  gateway.clock.advance(30_000);
  const response = await second;
  expect(response.status).toBe(200);
  expect(await response.json()).toMatchObject({ object: 'chat.completion' });
  expect(received(gateway)).toHaveLength(1);
  const records = await gateway.records();
  expect(records).toHaveLength(1);
  expect(records[0]).toMatchObject({ outcome: 'settled', costNano: charged(gateway) });
});
