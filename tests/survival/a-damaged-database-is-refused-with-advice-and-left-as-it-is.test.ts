import { createHash, randomBytes } from 'node:crypto';
import {
  existsSync,
  readFileSync,
  readdirSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { runCommand, startServer } from '../support/server-process.ts';
import { databaseFiles } from './strace.ts';
import { copyOf, createWorld, killedUnderLoad } from './world.ts';
import type { Start, World } from './world.ts';

const PAGE_BYTES = 4096;

let world: World;
let killed: Start;

beforeAll(async () => {
  world = await createWorld();
  killed = await killedUnderLoad(world);
});

afterAll(() => world.sandbox.close());

/** Overwrites a part of a file, as a disk does that has lost track. */
function scribble(path: string, from: number, length: number): void {
  const bytes = readFileSync(path);
  randomBytes(length).copy(bytes, from);
  writeFileSync(path, bytes);
}

/** Every file that holds anything, by a digest; the index is made and removed by who looks. */
const contents = (dataDir: string): Map<string, string> =>
  new Map(
    readdirSync(dataDir)
      .filter((name) => !name.endsWith('-shm'))
      .map((name) => [name, readFileSync(join(dataDir, name))] as const)
      .filter(([, bytes]) => bytes.length > 0)
      .map(([name, bytes]) => [name, createHash('sha256').update(bytes).digest('hex')]),
  );

const DAMAGES: [string, (main: string) => void, RegExp][] = [
  [
    'its beginning is overwritten',
    (main) => scribble(main, 0, 512),
    /is damaged: .*not a database/,
  ],
  [
    'a page in its midst is overwritten',
    (main) => scribble(main, 60 * PAGE_BYTES, PAGE_BYTES),
    /is damaged: /,
  ],
  ['its end is missing', (main) => truncateSync(main, 100 * PAGE_BYTES), /is damaged: .*malformed/],
  ['only its beginning is there', (main) => truncateSync(main, 100), /is damaged: /],
  ['it is empty', (main) => truncateSync(main, 0), /is empty, but this data directory had one/],
  ['it is gone', (main) => rmSync(main), /is gone, but this data directory had one/],
];

test.each(DAMAGES)(
  'D06: %s: no start, advice, and nothing is touched',
  async (_what, damage, told) => {
    const dataDir = await copyOf(world.clean);
    const { main } = databaseFiles(dataDir);
    damage(main);
    const before = contents(dataDir);
    const { code, stderr } = await runCommand(['serve'], { TOLLGATE_DATA_DIR: dataDir, PORT: '0' });
    expect(code).toBe(1);
    expect(stderr).toMatch(told);
    expect(stderr).toContain(main);
    expect(stderr).toMatch(/Put a backup in its place/);
    expect(contents(dataDir)).toEqual(before);
  },
);

test('D06: a log that has yet to be copied is kept beside a damaged file', async () => {
  const dataDir = await copyOf(killed);
  const { main, log } = databaseFiles(dataDir);
  truncateSync(main);
  const before = contents(dataDir);
  const { code, stderr } = await runCommand(['serve'], { TOLLGATE_DATA_DIR: dataDir, PORT: '0' });
  expect({ code, stderr }).toMatchObject({ code: 1, stderr: expect.stringContaining('is empty') });
  expect(readFileSync(log).length).toBeGreaterThan(0);
  expect(contents(dataDir)).toEqual(before);
});

test.each([
  ['is empty', (main: string) => truncateSync(main)],
  ['is damaged', (main: string) => scribble(main, 0, 512)],
])('D06: a command on a database that %s says so as well', async (told, damage) => {
  const dataDir = await copyOf(world.clean);
  const { main } = databaseFiles(dataDir);
  damage(main);
  const { code, stderr } = await runCommand(['list-keys'], { TOLLGATE_DATA_DIR: dataDir });
  expect({ code, stderr }).toMatchObject({ code: 1, stderr: expect.stringContaining(told) });
});

test('D06: a backup put in its place is served', async () => {
  const dataDir = await copyOf(world.clean);
  const { main } = databaseFiles(dataDir);
  rmSync(main);
  writeFileSync(main, readFileSync(databaseFiles(world.clean.dataDir).main));
  const server = await startServer({ dataDir });
  expect(server.key).toBeNull();
  expect(await server.stop()).toBe(0);
  expect(existsSync(main)).toBe(true);
});
