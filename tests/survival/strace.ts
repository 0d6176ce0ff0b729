import { spawn, spawnSync } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { join } from 'node:path';
import { afterEach } from '@jest/globals';
import { PATIENCE_MS } from '../support/patience.ts';
import { BIN } from '../support/server-process.ts';

if (spawnSync('strace', ['-V']).error !== undefined) {
  throw new Error(
    'These tests look at system calls and make them fail: install strace (https://strace.io).',
  );
}

type Kill = (signal: NodeJS.Signals) => void;

export interface TracedServer {
  /** Null when it ended before it listened. */
  url: string | null;
  stderr(): string;
  kill: Kill;
  exited: Promise<{ code: number | null; signal: NodeJS.Signals | null }>;
}

export interface Tracing {
  /** Arguments of strace: which calls, on which files, and what is done to them. */
  strace: readonly string[];
  env?: Record<string, string>;
  /** Told all that strace has written, again and again: a call that is held up is there without its end. */
  onTrace?(text: string, kill: Kill): void;
}

const children: ChildProcess[] = [];
const servers = new Set<number>();

afterEach(async () => {
  for (const pid of servers) killOne(pid, 'SIGKILL');
  servers.clear();
  for (const child of children.splice(0)) {
    if (child.exitCode === null && child.signalCode === null) {
      child.kill('SIGKILL');
      await once(child, 'exit');
    }
  }
});

function killOne(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

/**
 * The built product on a data directory, under strace; resolves when it listens or has ended. Only
 * the calls that are asked for stop it (a filter in the kernel), so it runs nearly at full speed.
 */
export async function startTraced(dataDir: string, tracing: Tracing): Promise<TracedServer> {
  // The shell tells its process id and becomes the server.
  const told = 'echo "process $$"; exec "$@"';
  const server = ['sh', '-c', told, 'sh', process.execPath, BIN, 'serve'];
  const { PATH = '', HOME = '' } = process.env;
  const child = spawn(
    'strace',
    ['-f', '-qq', '--seccomp-bpf', '-y', '-o', '|cat >&3', ...tracing.strace, ...server],
    {
      cwd: dataDir,
      env: { PATH, HOME, PORT: '0', GRPC_PORT: 'off', TOLLGATE_DATA_DIR: dataDir, ...tracing.env },
      stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
    },
  );
  children.push(child);
  const [, out, err, trace] = child.stdio as unknown as [null, Readable, Readable, Readable];
  let stderr = '';
  err.on('data', (bytes: Buffer) => (stderr += bytes.toString()));
  let pid: number | null = null;
  const kill: Kill = (signal) => {
    if (pid !== null) killOne(pid, signal);
    // It would wait out the time for which it holds a dead thread up.
    if (signal === 'SIGKILL') child.kill('SIGKILL');
  };
  let text = '';
  trace.on('data', (bytes: Buffer) => {
    text += bytes.toString('latin1');
    tracing.onTrace?.(text, kill);
  });
  const exited = once(child, 'close').then(() => {
    if (pid !== null) servers.delete(pid);
    return { code: child.exitCode, signal: child.signalCode };
  });
  const listening = Promise.withResolvers<string>();
  createInterface({ input: out }).on('line', (line) => {
    const [, word = '', value = ''] =
      /^\s*(process|Tollgate is listening on) (\S+)$/.exec(line) ?? [];
    if (word === 'process') servers.add((pid = Number(value)));
    else if (word !== '') listening.resolve(value);
  });
  const patience = setTimeout(() => kill('SIGKILL'), PATIENCE_MS);
  const url = await Promise.race([listening.promise, exited.then(() => null)]);
  clearTimeout(patience);
  return { url, stderr: () => stderr, kill, exited };
}

/** Environment of a server that breaks a promise: see weakened.ts. */
export const weakenedBy = (weakness: string): Record<string, string> => ({
  NODE_OPTIONS: `--import=${new URL('weakened.ts', import.meta.url).href}`,
  WEAKNESS: weakness,
});

export const databaseFiles = (dataDir: string) => ({
  main: join(dataDir, 'tollgate.db'),
  log: join(dataDir, 'tollgate.db-wal'),
  index: join(dataDir, 'tollgate.db-shm'),
});
