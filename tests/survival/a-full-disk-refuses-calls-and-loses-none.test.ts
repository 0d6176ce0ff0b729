import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { until } from '../support/patience.ts';
import { runCommand, startServer } from '../support/server-process.ts';
import { complaints } from './books.ts';
import { serve } from './served.ts';
import { databaseFiles, startTraced } from './strace.ts';
import type { Served } from './served.ts';
import { copyOf, createWorld, holdLog, query, withLongLog } from './world.ts';
import type { World } from './world.ts';

/** After the start's: some are writes of a hold's commit, others of a settlement's. */
const WRITES = [4, 7, 10, 13, 16, 19];
/** Each try of the server fails at its first write. */
const FAILING = 5;
/** Of the log that the first part of its index has room for. */
const INDEX_FRAMES = 4062;
/** A frame is written as its head and its page. */
const WRITES_OF_FRAME = 2;

let world: World;
/** Writes to the log before the first call. */
let ofStart = 0;

beforeAll(async () => {
  world = await createWorld();
  ofStart = await writesOfStart();
});

async function writesOfStart(): Promise<number> {
  const dataDir = await copyOf(world.clean);
  let trace = '';
  const server = await startTraced(dataDir, {
    strace: ['-e', 'trace=pwrite64', '-P', databaseFiles(dataDir).log],
    onTrace: (text) => (trace = text),
  });
  expect(server.url).not.toBeNull();
  server.kill('SIGTERM');
  await server.exited;
  return trace.match(/pwrite64\(/g)?.length ?? 0;
}

afterAll(() => world.sandbox.close());

const found = (dataDir: string, { seen }: Served): string[] =>
  complaints(dataDir, {
    before: [],
    seen: { ...seen, odd: [] },
    witness: world.sandbox.witness.entries,
  });

async function throughFullDisk(nth: number): Promise<string> {
  const dataDir = await copyOf(world.clean);
  const inject = `pwrite64:error=ENOSPC:when=${ofStart + nth}..${ofStart + nth + FAILING}`;
  const server = await serve(world, dataDir, { file: 'log', inject });
  const kind = await server.callsUntilTrouble();
  expect(await server.call()).toBe(503);
  expect(server.seen.odd.at(-1)).toContain('"code":"storage_unavailable"');
  // What needs no write goes on.
  expect((await fetch(`${server.url}/health`)).status).toBe(200);
  const listed = await runCommand(['list-keys'], { TOLLGATE_DATA_DIR: dataDir });
  expect(listed).toMatchObject({ code: 0, stdout: expect.stringContaining('default') });
  // Nobody does anything: there is room again.
  await until(() => server.isReady());
  expect(await server.call()).toBe(200);
  server.kill('SIGTERM');
  expect(await server.exited).toEqual({ code: 0, signal: null });
  expect(found(dataDir, server)).toEqual([]);
  // Also the call that could not be settled at first is, and at its price.
  expect(query(dataDir, `select id from usage_records where outcome <> 'settled'`)).toEqual([]);
  return kind;
}

test('D03: the disk is full for a while: 503, reads work, and it recovers by itself', async () => {
  const kinds: string[] = [];
  for (let at = 0; at < WRITES.length; at += 2) {
    kinds.push(...(await Promise.all(WRITES.slice(at, at + 2).map(throughFullDisk))));
  }
  expect([...new Set(kinds)].toSorted()).toEqual(['not settled', 'refused']);
});

test('D03: it stays full until the stop: exit code 1, and the next start charges what is open', async () => {
  const stops = WRITES.slice(0, 3).map(async (nth) => {
    const dataDir = await copyOf(world.clean);
    const inject = `pwrite64:error=ENOSPC:when=${ofStart + nth}+`;
    const server = await serve(world, dataDir, { file: 'log', inject });
    const kind = await server.callsUntilTrouble();
    server.kill('SIGTERM');
    const { code } = await server.exited;
    const next = await startServer({ dataDir });
    expect(await next.stop()).toBe(0);
    expect(found(dataDir, server)).toEqual([]);
    return `${kind}: ${code}`;
  });
  // A call that was refused leaves nothing to write.
  const ends = await Promise.all(stops);
  expect(ends).toContain('not settled: 1');
  expect(ends.filter((end) => end !== 'not settled: 1' && end !== 'refused: 0')).toEqual([]);
});

test('D03: a long log whose index has no room to grow: the same as a full disk', async () => {
  const dataDir = await copyOf(
    await withLongLog(world, INDEX_FRAMES - ofStart / WRITES_OF_FRAME - 4),
  );
  // An old state that is still read keeps the log from being begun anew.
  const reader = holdLog(dataDir, true);
  const inject = 'pwrite64:error=ENOSPC:when=1..4';
  const server = await serve(world, dataDir, { file: 'index', inject });
  await server.callsUntilTrouble();
  await until(() => server.stderr().includes('SQLITE_IOERR_SHMSIZE'));
  await until(() => server.isReady());
  expect(await server.call()).toBe(200);
  reader.release();
  server.kill('SIGTERM');
  expect(await server.exited).toEqual({ code: 0, signal: null });
  expect(found(dataDir, server)).toEqual([]);
});
