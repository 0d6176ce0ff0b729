import { once } from 'node:events';
import type { Server } from 'node:http';
import { connect } from 'node:net';
import type { Socket } from 'node:net';
import { expect, test } from '@jest/globals';
import { msOf, quickest } from '../../support/fastest-of.ts';
import { startGateway } from '../../support/gateway.ts';
import type { Gateway } from '../../support/gateway.ts';
import {
  answered,
  leave,
  meanwhile,
  play,
  send,
  until as readUntil,
} from '../../support/scripted-client.ts';
import { afterwards, arrivals, isFinished, until } from '../proxy/fixture.ts';
import {
  chatOf,
  expectServing,
  inFlight,
  marks,
  serverOf,
  untilInFlight,
} from './fixture-clients.ts';
import { SYSTEM } from '../../../src/services/actor.ts';

/** Files that this process may open, and so both ends of how many connections. */
function connectionsMax(filesOfEach: number): number {
  const { userLimits } = process.report.getReport() as {
    userLimits: { open_files: { soft: number | 'unlimited' } };
  };
  const files = Number(userLimits.open_files.soft);
  return Number.isNaN(files) ? Infinity : Math.floor((files - 500) / filesOfEach);
}

const TEN_SERVED_MS = 2000;

/** Ten calls one after the other. */
const tenServedMs = (gateway: Gateway): Promise<number> =>
  quickest(TEN_SERVED_MS, 5, () =>
    msOf(async () => {
      for (let call = 0; call < 10; call += 1) await expectServing(gateway);
    }),
  );

/** Fewer than a listening socket queues by default. */
const WAVE = 250;

async function idleSockets({ url }: Gateway, server: Server, count: number): Promise<Socket[]> {
  const { hostname, port } = new URL(url);
  const sockets: Socket[] = [];
  afterwards(() => sockets.forEach((socket) => socket.resetAndDestroy()));
  const before = await connectionsOf(server);
  while (sockets.length < count) {
    for (let each = 0; each < WAVE; each += 1) sockets.push(connect(Number(port), hostname));
    await until(async () => (await connectionsOf(server)) >= before + sockets.length);
  }
  return sockets;
}

const connectionsOf = (server: Server): Promise<number> =>
  new Promise((resolve) => server.getConnections((_error, count) => resolve(count)));

test('C11: thousands of idle sockets take nothing from others, and are closed in 10 s', async () => {
  const gateway = await startGateway();
  const server = await serverOf(gateway);
  const sockets = await idleSockets(gateway, server, Math.min(5000, connectionsMax(2)));
  expect(await tenServedMs(gateway)).toBeLessThan(TEN_SERVED_MS);
  expect(await inFlight(gateway)).toBe(0);

  expect(server.headersTimeout).toBe(10_000);
  // So that nobody has to wait for it.
  server.headersTimeout = 1;
  await Promise.all(sockets.map((socket) => once(socket.resume(), 'close')));
  await expectServing(gateway);
});

/** So many at once. */
const CROWD = 100;
const stalled = { 'x-sandbox-fault': 'stall-after-chunks;n=3' };

test('C12: a thousand idle streams take nothing from others, and end with their clients', async () => {
  const gateway = await startGateway();
  const count = Math.min(1000, connectionsMax(4));
  // By the hundred: client, gateway and fleet share this process, and would wait for each other.
  const crowds: { over: PromiseWithResolvers<void>; streams: Promise<unknown>[] }[] = [];
  for (let open = 0; open < count; open += CROWD) {
    const over = Promise.withResolvers<void>();
    const streams = Array.from({ length: Math.min(CROWD, count - open) }, () =>
      play(
        gateway.url,
        send(chatOf(gateway, { stream: true }, stalled)),
        readUntil('"content"'),
        meanwhile(() => over.promise),
        leave(),
      ),
    );
    crowds.push({ over, streams });
    await untilInFlight(gateway, open + streams.length);
  }
  expect(await tenServedMs(gateway)).toBeLessThan(TEN_SERVED_MS);
  const { records: served } = await marks(gateway);

  const aborted = () =>
    gateway.sandbox.witness.entries.filter((one) => isFinished(one) && one.outcome === 'aborted');
  let left = 0;
  for (const { over, streams } of crowds) {
    over.resolve();
    await Promise.all(streams);
    left += streams.length;
    await untilInFlight(gateway, count - left);
    await until(() => aborted().length === left);
  }
  const records = await gateway.records();
  expect(records.filter(({ outcome }) => outcome === 'partial')).toHaveLength(count);
  expect(records).toHaveLength(count + served);
});

test('C15: 100 pipelined calls are answered in order, each with its record', async () => {
  const gateway = await startGateway();
  const orders = Array.from({ length: 100 }, (_, at) => at + 1);
  const calls = orders.map((chunks) => {
    // The later it was sent, the sooner it is served.
    const fault = `delay-head;ms=${(100 - chunks) * 2}`;
    return chatOf(gateway, {}, { 'x-sandbox-chunks': chunks, 'x-sandbox-fault': fault });
  });
  const { answers, ending } = await play(gateway.url, send(...calls), answered(100));
  expect(ending).toBe('open');
  expect(answers.map(({ status }) => status)).toEqual(orders.map(() => 200));
  expect(answers.map(({ body }) => wordsIn(body))).toEqual(orders);
  const ids = answers.map(({ headers }) => headers.get('x-request-id'));
  const records = await gateway.records();
  expect(new Set(records.map(({ id }) => id))).toEqual(new Set(ids));
  expect(records).toHaveLength(100);
  expect(arrivals(gateway)).toHaveLength(100);
});

function wordsIn(body: string): number {
  const { choices } = JSON.parse(body) as { choices: { message: { content: string } }[] };
  return choices[0]?.message.content.split(' ').length ?? 0;
}

test('C15: of more calls than may be under way those that are too many are told so', async () => {
  const gateway = await startGateway({ env: { MAX_IN_FLIGHT: '20' } });
  const call = chatOf(gateway, {}, { 'x-sandbox-fault': 'delay-head;ms=50' });
  const { answers } = await play(
    gateway.url,
    send(...Array.from({ length: 100 }, () => call)),
    answered(100),
  );
  const statuses = answers.map(({ status }) => status);
  expect(new Set(statuses)).toEqual(new Set([200, 503]));
  const served = statuses.filter((status) => status === 200).length;
  expect(await marks(gateway)).toEqual({ arrivals: served, records: served });
  await expectServing(gateway);
});

test('C27: of 1,000 calls at once at 10 a minute exactly 10 are served', async () => {
  const gateway = await startGateway();
  await gateway.space.keys.update(SYSTEM, gateway.keyId, { rpmLimit: 10 });
  const responses = await Promise.all(Array.from({ length: 1000 }, () => gateway.chat()));
  await Promise.all(responses.map((response) => response.arrayBuffer()));
  const statuses = responses.map(({ status }) => status).toSorted((one, other) => one - other);
  expect(statuses.lastIndexOf(200)).toBe(9);
  expect(new Set(statuses.slice(10))).toEqual(new Set([429]));
  const limited = responses.filter(({ status }) => status === 429);
  for (const { headers } of limited) {
    expect(Number(headers.get('retry-after'))).toBeGreaterThan(40);
    expect(headers.get('x-should-retry')).toBe('true');
  }
  expect(await marks(gateway)).toEqual({ arrivals: 10, records: 10 });
});
