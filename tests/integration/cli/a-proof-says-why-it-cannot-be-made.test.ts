import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, test } from '@jest/globals';
import { proofCall } from '../../../src/cli/prove-call.ts';
import { ProofClient } from '../../../src/cli/prove-client.ts';
import type { WitnessEntry } from '../../../src/sandbox/index.ts';
import { startGateway } from '../../support/gateway.ts';
import { MovableClock } from '../../support/movable-clock.ts';
import { PATIENCE_MS } from '../../support/patience.ts';

const cleanups: (() => Promise<void>)[] = [];

afterEach(async () => {
  for (const cleanup of cleanups.splice(0).toReversed()) await cleanup();
});

interface Somebody {
  url: string;
  close(): Promise<void>;
}

/** Somebody who answers as he likes. */
async function listen(answer: (path: string) => [status: number, body: string]): Promise<Somebody> {
  const server = createServer((request, response) => {
    const [status, body] = answer(request.url ?? '');
    response.writeHead(status).end(body);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const close = () =>
    new Promise<void>((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    });
  cleanups.push(close);
  return { url: `http://127.0.0.1:${port}`, close };
}

function clientOf(url: string, clock = new MovableClock()) {
  const interrupt = new AbortController();
  const client = new ProofClient(url, clock, interrupt.signal);
  cleanups.push(() => client.close());
  return { client, interrupt };
}

test('when nobody listens there, or somebody else', async () => {
  const somebody = await listen(() => [404, 'no']);
  const { client } = clientOf(somebody.url);
  await expect(client.requireServer()).rejects.toThrow('answers 404: is that Tollgate?');
  await somebody.close();
  await expect(client.requireServer()).rejects.toThrow(
    `nothing answers at ${somebody.url}: ECONNREFUSED. Tell where the server`,
  );
});

test('when the server never takes the key, because it serves other data', async () => {
  const clock = new MovableClock();
  let asked = 0;
  const other = await listen(() => {
    asked += 1;
    clock.advance(5000);
    return [401, '{"error":{"code":"invalid_api_key"}}'];
  });
  const { client } = clientOf(other.url, clock);
  await expect(client.untilKnown('sk-tg-x')).rejects.toThrow('does it serve another one?');
  expect(asked).toBe(2);
});

test('not when the server takes the key', async () => {
  const gateway = await startGateway();
  const { client } = clientOf(gateway.url);
  await expect(client.untilKnown(gateway.key)).resolves.toBeUndefined();
  expect(gateway.sandbox.witness.entries.filter((entry) => entry.requestId !== null)).toEqual([]);
});

test('when the upstream of the proof cannot be reached from the server', async () => {
  const gateway = await startGateway();
  const { client } = clientOf(gateway.url);
  await expect(client.requireUpstream(gateway.key, gateway.sandbox.url)).resolves.toBeUndefined();
  for (const { name } of gateway.sandbox.credentials) {
    gateway.sandbox.faults.set(name, 'status;code=502', { path: '/v1/files' });
  }
  await expect(client.requireUpstream(gateway.key, 'http://127.0.0.1:9')).rejects.toThrow(
    'cannot use the sandbox of this command at http://127.0.0.1:9 (502 upstream_error)',
  );
});

test('a call that gets no answer, or half of one, is told as such', async () => {
  const call = proofCall({ prices: [] }, Date.UTC(2026, 2, 1));
  const half = await listen(() => [200, '{"choices":']);
  const { client } = clientOf(half.url);
  const answers = await client.attack('sk-tg-x', call, 2);
  expect(answers).toMatchObject([
    { status: 200, isStream: false, isWhole: false },
    { status: 200, isStream: true, isWhole: false },
  ]);
  await half.close();
  const { client: late } = clientOf(half.url);
  expect(await late.attack('sk-tg-x', call, 1)).toEqual([
    { id: '', isStream: false, status: 0, code: 'ECONNREFUSED', isWhole: false },
  ]);
});

const isStream = (entry: WitnessEntry): boolean => entry.kind === 'received' && entry.isStream;

test('an interruption ends every call at once, and is the reason given', async () => {
  const gateway = await startGateway({ sandbox: { chunkPaceMs: 60_000 } });
  const { client, interrupt } = clientOf(gateway.url);
  const call = proofCall({ prices: [] }, Date.UTC(2026, 2, 1));
  const { 'x-sandbox-pace-ms': _pace, ...headers } = call.headers;
  const attacked = client.attack(gateway.key, { ...call, headers }, 2);
  await gateway.sandbox.witness.waitFor(isStream, PATIENCE_MS);
  const reason = new Error('enough');
  interrupt.abort(reason);
  await expect(attacked).rejects.toBe(reason);
  await expect(client.requireServer()).rejects.toBe(reason);
});
