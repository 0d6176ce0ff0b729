import { afterAll, beforeAll, expect, test } from '@jest/globals';
import Database from 'better-sqlite3';
import { PATIENCE_MS, until } from '../support/patience.ts';
import { startServer } from '../support/server-process.ts';
import type { ServerProcess } from '../support/server-process.ts';
import { complaints } from './books.ts';
import { LIMITED_MODEL, call, nothingSeen } from './script.ts';
import { databaseFiles } from './strace.ts';
import { copyOf, createWorld, query } from './world.ts';
import type { World } from './world.ts';

/** The server waits so long for the lock of another process (lib/sqlite.ts). */
const BUSY_TIMEOUT_MS = 10_000;

let world: World;

beforeAll(async () => {
  world = await createWorld();
});

afterAll(() => world.sandbox.close());

/** As a backup or a shell that somebody left open. */
function lock(dataDir: string): { release(): void } {
  const other = new Database(databaseFiles(dataDir).main);
  other.exec('begin immediate');
  return {
    release() {
      other.exec('rollback');
      other.close();
    },
  };
}

const statusOf = async ({ url }: ServerProcess, path: string): Promise<number> =>
  (await fetch(url + path, { signal: AbortSignal.timeout(BUSY_TIMEOUT_MS / 2) })).status;

test('D04: while another process writes, calls wait for it, and the rest of the server does not', async () => {
  const dataDir = await copyOf(world.clean);
  const server = await startServer({ dataDir });
  const seen = nothingSeen();
  const other = lock(dataDir);
  // It is refused by a credential that then rests: the main thread has that to write, too.
  const answer = call(
    { url: server.url, key: world.key, seen },
    { body: { model: LIMITED_MODEL } },
  );
  await world.sandbox.witness.waitFor(
    (entry) => entry.kind === 'finished' && entry.status === 429,
    PATIENCE_MS,
  );
  for (let nth = 0; nth < 20; nth += 1) expect(await statusOf(server, '/health')).toBe(200);
  expect(seen.heads).toEqual([]);
  other.release();
  expect(await answer).toBe(200);
  await until(
    () => query(dataDir, `select 1 from events where type like 'credential.%'`).length > 0,
  );
  expect(await server.stop()).toBe(0);
  const witness = world.sandbox.witness.entries;
  expect(complaints(dataDir, { before: [], seen, witness })).toEqual([]);
});

test('D04: a lock that stays is given up in time: 503, and calls are served again after it', async () => {
  const dataDir = await copyOf(world.clean);
  const server = await startServer({ dataDir });
  const seen = nothingSeen();
  const target = { url: server.url, key: world.key, seen };
  const other = lock(dataDir);
  const startedMs = performance.now();
  expect(await call(target)).toBe(503);
  expect(performance.now() - startedMs).toBeGreaterThan(BUSY_TIMEOUT_MS * 0.9);
  expect(seen.odd).toEqual([expect.stringContaining('"code":"storage_unavailable"')]);
  // Known by now, and not waited for again.
  expect(await call(target)).toBe(503);
  expect(await statusOf(server, '/readyz')).toBe(503);
  expect(await statusOf(server, '/health')).toBe(200);
  other.release();
  await until(async () => (await statusOf(server, '/readyz')) === 200);
  expect(await call(target)).toBe(200);
  expect(await server.stop()).toBe(0);
  const witness = world.sandbox.witness.entries;
  expect(complaints(dataDir, { before: [], seen: { ...seen, odd: [] }, witness })).toEqual([]);
});
