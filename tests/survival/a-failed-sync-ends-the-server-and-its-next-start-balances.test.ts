import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { startServer } from '../support/server-process.ts';
import { complaints } from './books.ts';
import { serve } from './served.ts';
import { databaseFiles, startTraced } from './strace.ts';
import { copyOf, createWorld, holdLog, killedUnderLoad, withLongLog } from './world.ts';
import type { Start, World } from './world.ts';

let world: World;

beforeAll(async () => {
  world = await createWorld();
});

afterAll(() => world.sandbox.close());

/** Starts again on a sound disk, stops, and asks for the books. */
async function afterRestart(dataDir: string, start: Start, seen: Start['seen']): Promise<string[]> {
  const server = await startServer({ dataDir });
  expect(await server.stop()).toBe(0);
  const heads = [...start.seen.heads, ...seen.heads];
  const witness = world.sandbox.witness.entries;
  return complaints(dataDir, { before: start.before, seen: { ...seen, heads, odd: [] }, witness });
}

test('D02: the log cannot be synced: no more calls, exit code 1, and the books balance', async () => {
  const kinds = new Set<string>();
  // One is the commit of a hold, the next that of its settlement; the first ones are of the start.
  for (const nth of [12, 13]) {
    const dataDir = await copyOf(world.clean);
    const inject = `fsync,fdatasync:error=EIO:when=${nth}`;
    const server = await serve(world, dataDir, { file: 'log', inject });
    kinds.add(await server.callsUntilTrouble());
    expect([503, null]).toContain(await server.call());
    expect(await server.exited).toEqual({ code: 1, signal: null });
    expect(server.stderr()).toContain('ledger: SQLITE_IOERR_FSYNC');
    expect(await afterRestart(dataDir, world.clean, server.seen)).toEqual([]);
  }
  expect([...kinds].toSorted()).toEqual(['not settled', 'refused']);
});

test('D02: the main file cannot be synced when the log is copied to it: the same', async () => {
  const start = await withLongLog(world);
  const dataDir = await copyOf(start);
  const holder = holdLog(dataDir);
  const inject = 'fsync,fdatasync:error=EIO:when=1';
  const server = await serve(world, dataDir, { file: 'main', inject });
  await server.callsUntilTrouble();
  expect(await server.exited).toEqual({ code: 1, signal: null });
  expect(server.stderr()).toContain('the write-ahead log could not be copied');
  holder.release();
  expect(await afterRestart(dataDir, start, server.seen)).toEqual([]);
});

test('D02: a start that cannot be synced fails, and the next one finds all', async () => {
  const start = await killedUnderLoad(world);
  const dataDir = await copyOf(start);
  const { log } = databaseFiles(dataDir);
  const server = await startTraced(dataDir, {
    strace: ['-e', 'trace=fsync,fdatasync', '-P', log, '-e', 'inject=fsync,fdatasync:error=EIO'],
  });
  expect(server.url).toBeNull();
  expect(await server.exited).toEqual({ code: 1, signal: null });
  expect(server.stderr()).toContain('Tollgate cannot go on: disk I/O error');
  expect(await afterRestart(dataDir, start, start.seen)).toEqual([]);
});
