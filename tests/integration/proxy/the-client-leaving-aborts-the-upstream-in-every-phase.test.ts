import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect } from 'node:net';
import type { Socket } from 'node:net';
import { expect, test } from '@jest/globals';
import { Hold } from '../../../src/entities/hold.ts';
import { quickest } from '../../support/fastest-of.ts';
import { isOwnAsk, startGateway } from '../../support/gateway.ts';
import type { Gateway } from '../../support/gateway.ts';
import { PATIENCE_MS } from '../../support/patience.ts';
import {
  afterwards,
  arrivals,
  chatBody,
  isFinished,
  poolAt,
  rawChat,
  rawClient,
  readSocket,
  until,
  verdictsOf,
} from './fixture.ts';

const LIMIT_MS = 250;
const TRIES = 5;

const arrived = ({ sandbox }: Gateway) =>
  sandbox.witness.waitFor((entry) => entry.kind === 'received' && !isOwnAsk(entry), PATIENCE_MS);

/** The witness notes the upstream's end; the milliseconds since the client has left. */
async function abortedMs({ sandbox }: Gateway, leave: () => void): Promise<number> {
  const startMs = performance.now();
  leave();
  const entry = await sandbox.witness.waitFor(isFinished, PATIENCE_MS);
  expect(entry.outcome).toBe('aborted');
  return performance.now() - startMs;
}

/** Soon, that is: by the quickest of a few leavings. */
async function expectSoon(left: () => Promise<number>): Promise<void> {
  expect(await quickest(LIMIT_MS, TRIES, left)).toBeLessThan(LIMIT_MS);
}

async function theRecord(gateway: Gateway) {
  await until(async () => (await gateway.records()).length > 0);
  const records = await gateway.records();
  expect(records).toHaveLength(1);
  return records[0];
}

const leavings: [string, (socket: Socket) => void][] = [
  ['closes', (socket) => socket.destroy()],
  ['resets', (socket) => socket.resetAndDestroy()],
];

test.each(leavings)(
  'a client that %s while it sends its JSON body leaves no trace',
  async (_name, leave) => {
    const gateway = await startGateway();
    const headers = { 'content-type': 'application/json', 'content-length': 5000 };
    const socket = rawClient(gateway, { path: '/v1/chat/completions', headers });
    await new Promise((resolve) => socket.write(chatBody().slice(0, 20), resolve));
    leave(socket);
    await until(() => gateway.logs().includes('client_closed_request'));
    expect(arrivals(gateway)).toEqual([]);
    expect(await gateway.records()).toEqual([]);
  },
);

test.each(leavings)(
  'a client that %s in the middle of an upload ends it upstream',
  (_name, leave) =>
    expectSoon(async () => {
      const gateway = await startGateway();
      const headers = {
        'content-type': 'multipart/form-data; boundary=x',
        'content-length': 5_000_000,
      };
      const socket = rawClient(gateway, { path: '/v1/files', headers });
      socket.write(Buffer.alloc(200_000, 'x'));
      // A balance poll is over before a gateway is given to its test.
      await until(() => gateway.sandbox.credentials.some((account) => account.inFlight > 0));
      const ms = await abortedMs(gateway, () => leave(socket));
      const record = await theRecord(gateway);
      expect(record).toMatchObject({ outcome: 'voided', reason: 'client_closed_request' });
      expect(verdictsOf(record)).toEqual(['client_gone']);
      return ms;
    }),
);

test.each(leavings)('a client that %s before the head aborts the upstream', (_name, leave) =>
  expectSoon(async () => {
    const gateway = await startGateway();
    gateway.sandbox.faults.set('cred-1', 'never-answer');
    const socket = rawChat(gateway);
    await arrived(gateway);
    const ms = await abortedMs(gateway, () => leave(socket));
    const record = await theRecord(gateway);
    expect(record).toMatchObject({
      outcome: 'voided',
      reason: 'client_closed_request',
      status: 499,
    });
    expect(verdictsOf(record)).toEqual(['client_gone']);
    expect(arrivals(gateway)).toHaveLength(1);
    return ms;
  }),
);

test.each(leavings)(
  'a client that %s during a stream aborts it and pays what was produced',
  (_name, leave) =>
    expectSoon(async () => {
      const gateway = await startGateway({ sandbox: { chunkCount: 1000, chunkPaceMs: 5 } });
      const socket = rawChat(gateway, { stream: true });
      await readSocket(socket, (text) => text.split('"content"').length > 4);
      const ms = await abortedMs(gateway, () => leave(socket));
      const record = await theRecord(gateway);
      expect(record).toMatchObject({ outcome: 'partial', reason: 'client_closed_request' });
      expect(record?.output).toBeGreaterThan(0);
      expect(record?.output).toBeLessThan(500);
      return ms;
    }),
);

test('a client that leaves while we connect is not waited for, and nothing is sent', async () => {
  // The kernel completes no handshake once the backlog of a socket that never accepts is full.
  const { baseUrl } = await fullListener();
  // Longer than a test lasts: a record before that is one that was not waited for.
  const pool = { ...poolAt(baseUrl), timeouts: { connect_ms: 600_000, total_ms: 600_000 } };
  const gateway = await startGateway({ pool });
  const socket = rawChat(gateway);
  await until(async () => (await holds(gateway)) === 1);
  socket.destroy();
  const record = await theRecord(gateway);
  expect(record).toMatchObject({ outcome: 'voided', reason: 'client_closed_request' });
  expect(verdictsOf(record)).toEqual(['client_gone']);
});

const holds = (gateway: Gateway) => gateway.space.orm.em.fork().count(Hold);

const LISTENER = `
  const server = require('node:net').createServer();
  server.listen(0, '127.0.0.1', 1, () => {
    require('node:fs').writeSync(1, String(server.address().port));
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
  });
`;

/** A listener in a process that hangs, its backlog filled: to connect to it takes for ever. */
async function fullListener(): Promise<{ baseUrl: string }> {
  const child = spawn(process.execPath, ['-e', LISTENER], { stdio: ['ignore', 'pipe', 'inherit'] });
  const [bytes] = (await once(child.stdout, 'data')) as [Buffer];
  const port = Number(bytes.toString());
  const fillers = Array.from({ length: 6 }, () => connect(port, '127.0.0.1'));
  for (const filler of fillers) filler.on('error', () => undefined);
  afterwards(async () => {
    for (const filler of fillers) filler.destroy();
    child.kill('SIGKILL');
    await once(child, 'close');
  });
  await until(() => fillers.some((filler) => filler.readyState === 'open'));
  return { baseUrl: `http://127.0.0.1:${port}/v1` };
}
