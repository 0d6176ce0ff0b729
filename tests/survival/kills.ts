import { rm } from 'node:fs/promises';
import { startServer } from '../support/server-process.ts';
import { complaints } from './books.ts';
import { nothingSeen, runScript } from './script.ts';
import type { Seen } from './script.ts';
import { databaseFiles, startTraced } from './strace.ts';
import { copyOf, holdLog, query } from './world.ts';
import type { Start, World } from './world.ts';

// A server is started, called and stopped in peace, once for each point. At that write, sync, cut or
// removal the thread that makes it is held up, the others go on for a moment, and all of it is killed.

const AT_ONCE = 3;
/** For so long the other threads can do what they must not do before that write, unless told. */
const HELD_MS = 20;

const CALLS = ['pwrite64', 'fsync', 'fdatasync', 'ftruncate', 'unlink'] as const;
type Call = (typeof CALLS)[number];
type File = 'log' | 'main';

/** How many points of a kind are tried, spread over all that there are. */
export type Tried = Record<File, Partial<Record<Call, number>>>;

/** Points of a kind, spread over all that there are. */
export const SPREAD: Tried = {
  log: { pwrite64: 10, fsync: 6, fdatasync: 6, ftruncate: 3, unlink: 2 },
  main: { pwrite64: 5, fsync: 3, fdatasync: 3, ftruncate: 2 },
};
/** Three starts: sixty kills of a server that is called. */
export const KILLS_MIN = 20;

interface Point {
  file: File;
  call: Call;
  /** Which of these calls of one thread: so strace counts them. */
  nth: number;
}

export interface Matrix {
  world: World;
  start: Start;
  tried: Tried;
  /** Nobody calls: it is all about the start and the stop. */
  isUncalled?: boolean;
  /** How long the others go on while a write is held up. */
  heldMs?: number;
  /** How often all calls are made; once unless given. */
  rounds?: number;
  /** What is wrong once is enough to know. */
  isOnceEnough?: boolean;
  env?: Record<string, string>;
}

/** Kills at every point; tells how often it did, and what was wrong with the books afterwards. */
export async function killEverywhere(matrix: Matrix): Promise<{ kills: number; wrong: string[] }> {
  const points = await pointsOf(matrix);
  // At the first points of all nobody is served yet.
  const queue = matrix.isOnceEnough === true ? points.toReversed() : points;
  const wrong: string[] = [];
  let kills = 0;
  const worker = async () => {
    for (let point = queue.shift(); point !== undefined; point = queue.shift()) {
      const { isKilled, found } = await killAt(matrix, point);
      if (isKilled) kills += 1;
      const where = `${point.call} ${point.nth} of the ${point.file} file`;
      wrong.push(...found.map((text) => `${where}: ${text}`));
      if (matrix.isOnceEnough === true && wrong.length > 0) queue.length = 0;
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
  return { kills, wrong };
}

interface Run {
  seen: Seen;
  isKilled: boolean;
  trace: string;
}

interface Watch {
  strace: string[];
  onTrace?(text: string, kill: () => void): void;
}

/** From the start to the stop, unless it dies on the way. */
async function run(
  { world, start, isUncalled = false, rounds = 1, env }: Matrix,
  dataDir: string,
  { strace, onTrace }: Watch,
): Promise<Run> {
  const seen = nothingSeen();
  const holder = start.isLogHeld ? holdLog(dataDir) : null;
  let trace = '';
  const server = await startTraced(dataDir, {
    strace: ['-e', `trace=${CALLS.join(',')}`, ...strace],
    env: { LOG_LEVEL: 'warn', ...env },
    onTrace(text, kill) {
      trace = text;
      onTrace?.(text, () => kill('SIGKILL'));
    },
  });
  if (server.url !== null && !isUncalled) {
    const target = { url: server.url, key: world.key, seen };
    for (let round = 1; round <= rounds; round += 1) await runScript(target);
  }
  holder?.release();
  server.kill('SIGTERM');
  const { code, signal } = await server.exited;
  if (signal !== 'SIGKILL' && code !== 0) throw new Error(`ended with ${code}: ${server.stderr()}`);
  return { seen, isKilled: signal === 'SIGKILL', trace };
}

/** How often the thread that makes the call most often does so. */
function countOf(trace: string, { file, call }: Omit<Point, 'nth'>): number {
  const threads = new Map<string, number>();
  const path = file === 'log' ? String.raw`tollgate\.db-wal` : String.raw`tollgate\.db`;
  const pattern = new RegExp(`^(\\d+) +${call}\\([^,)]*${path}[">]`, 'gm');
  for (const [, thread = ''] of trace.matchAll(pattern)) {
    threads.set(thread, (threads.get(thread) ?? 0) + 1);
  }
  return Math.max(0, ...threads.values());
}

async function pointsOf(matrix: Matrix): Promise<Point[]> {
  const dataDir = await copyOf(matrix.start);
  const { main, log } = databaseFiles(dataDir);
  const { trace } = await run(matrix, dataDir, { strace: ['-P', main, '-P', log] });
  const kinds = (['log', 'main'] as const).flatMap((file) => CALLS.map((call) => ({ file, call })));
  return kinds.flatMap((kind) => {
    const count = countOf(trace, kind);
    const tried = Math.min(count, matrix.tried[kind.file][kind.call] ?? 0);
    return Array.from({ length: tried }, (_, index) => ({
      ...kind,
      nth: 1 + Math.floor((index * count) / tried),
    }));
  });
}

async function killAt(
  matrix: Matrix,
  point: Point,
): Promise<{ isKilled: boolean; found: string[] }> {
  const { start, world, heldMs = HELD_MS } = matrix;
  const dataDir = await copyOf(start);
  let isHeld = false;
  const { seen, isKilled } = await run(matrix, dataDir, {
    strace: [
      `--trace-path=${databaseFiles(dataDir)[point.file]}`,
      `--inject=${point.call}:delay_enter=600s:when=${point.nth}`,
    ],
    onTrace(text, kill) {
      if (isHeld || countOf(text, point) < point.nth) return;
      isHeld = true;
      setTimeout(kill, heldMs);
    },
  });
  // As an operator would: started again, with what the dead server left.
  const server = await startServer({ dataDir });
  const open = query(dataDir, 'select id from holds').length;
  const code = await server.stop();
  const found = complaints(dataDir, {
    before: start.before,
    seen: { ...seen, heads: [...start.seen.heads, ...seen.heads] },
    witness: world.sandbox.witness.entries,
  });
  if (open > 0) found.push(`${open} holds are open after the restart`);
  if (code !== 0) found.push(`the restarted server ended with ${code}`);
  await rm(dataDir, { recursive: true });
  return { isKilled, found };
}
