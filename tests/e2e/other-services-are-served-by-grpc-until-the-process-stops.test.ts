import { readFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { once } from 'node:events';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { grpcClient, refusalFrom } from '../support/grpc-client.ts';
import { runCommand, startServer, temporaryDirectory } from '../support/server-process.ts';
import type { ServerProcess } from '../support/server-process.ts';

/** Nothing that ends by itself takes so long. */
const STOP_MS = 5000;

async function clientOf(server: ServerProcess) {
  const secret = await readFile(join(server.dataDir, 'admin-secret'), 'utf8');
  return grpcClient(server.grpc ?? '', { token: secret.trim() });
}

test('the address is printed, a key is validated there, and a stop sends its clients away', async () => {
  const server = await startServer({ env: { GRPC_PORT: '0' } });
  expect(server.grpc).toMatch(/^127\.0\.0\.1:\d+$/);
  const client = await clientOf(server);
  const secret = server.key ?? '';
  const judged = await client.ask('KeyService', 'ValidateKey', { key: { secret } });
  expect(judged).toMatchObject({ valid: true, key: { name: 'default' } });
  const watch = client.watch('KeyService', 'WatchKeys', {});
  expect((await watch.nth(0)).current?.id).toBe(judged.key?.id);
  const startMs = performance.now();
  const stopped = server.stop('SIGTERM');
  expect(await watch.ended).toMatchObject({ code: 'UNAVAILABLE', reason: 'tollgate/DRAINING' });
  expect(await stopped).toBe(0);
  expect(performance.now() - startMs).toBeLessThan(STOP_MS);
  const late = client.ask('KeyService', 'ValidateKey', { key: { secret } });
  expect((await refusalFrom(late)).code).toBe('UNAVAILABLE');
  expect(server.stderr()).not.toContain(secret);
});

test('a port that is taken is told, and the process ends', async () => {
  const taker = createServer().listen(0, '127.0.0.1');
  await once(taker, 'listening');
  const GRPC_PORT = String((taker.address() as AddressInfo).port);
  const env = { TOLLGATE_DATA_DIR: await temporaryDirectory(), PORT: '0', GRPC_PORT };
  const { code, stderr } = await runCommand(['serve'], env);
  taker.close();
  expect(code).toBe(1);
  expect(stderr).toContain('The address is in use by another program');
  expect(stderr).toContain(GRPC_PORT);
});

test('an address that others reach is refused without a certificate, before anything is made', async () => {
  const env = { TOLLGATE_DATA_DIR: await temporaryDirectory(), PORT: '0', GRPC_HOST: '0.0.0.0' };
  const { code, stderr } = await runCommand(['serve'], env);
  expect(code).toBe(1);
  expect(stderr).toMatch(/GRPC_HOST: .*GRPC_TLS_CERT/);
});
