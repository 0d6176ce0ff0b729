/** Every process the benchmark starts is registered here, pinned if the system can, and ended with it. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { rmSync } from 'node:fs';
import { createServer, connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

const OUTPUT_KEPT = 4_000_000;

export interface Launch {
  readonly core?: number | null;
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
}

export interface Child {
  readonly pid: number;
  /** Everything the process printed so far. */
  output(): string;
  errors(): string;
  /** Waits until stdout matches; rejects when the process ends first or after `timeoutMs`. */
  printed(pattern: RegExp, timeoutMs: number): Promise<RegExpExecArray>;
  /** Resolves with the exit code once the process is gone and its output is complete. */
  readonly ended: Promise<number | null>;
}

const running = new Set<ChildProcess>();
const folders = new Set<string>();

/** `taskset` pins a process to a core; without it the scheduler decides and figures vary more. */
export const canPin = (): boolean =>
  process.platform === 'linux' && spawnSync('taskset', ['-V'], { stdio: 'ignore' }).status === 0;

export function launch(command: string, words: readonly string[], how: Launch = {}): Child {
  const pinned = typeof how.core === 'number';
  const child = spawn(
    pinned ? 'taskset' : command,
    pinned ? ['-c', String(how.core), command, ...words] : words,
    { cwd: how.cwd, env: { ...process.env, ...how.env }, stdio: ['ignore', 'pipe', 'pipe'] },
  );
  running.add(child);
  let output = '';
  let errors = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    output = (output + text).slice(-OUTPUT_KEPT);
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    errors = (errors + text).slice(-OUTPUT_KEPT);
  });
  let open = true;
  const ended = new Promise<number | null>((resolve) => {
    child.once('error', (error) => {
      errors += error.message;
    });
    child.once('close', (code) => {
      open = false;
      running.delete(child);
      resolve(code);
    });
  });

  async function printed(pattern: RegExp, timeoutMs: number): Promise<RegExpExecArray> {
    const deadline = performance.now() + timeoutMs;
    for (;;) {
      const found = pattern.exec(output);
      if (found) return found;
      if (!open)
        throw new Error(`${command} ended early: ${errors.slice(-600) || output.slice(-600)}`);
      if (performance.now() > deadline) {
        throw new Error(
          `${command} did not print ${pattern.source} within ${timeoutMs} ms: ${errors.slice(-600)}`,
        );
      }
      await sleep(5);
    }
  }
  return { pid: child.pid ?? -1, output: () => output, errors: () => errors, printed, ended };
}

/** Stops a process where it stands; it takes no CPU until it is resumed. */
export const pause = (pid: number): void => signal(pid, 'SIGSTOP');
export const resume = (pid: number): void => signal(pid, 'SIGCONT');

function signal(pid: number, name: NodeJS.Signals): void {
  const known = [...running].find((child) => child.pid === pid);
  known?.kill(name);
}

/** Asks a process to end and waits; after `timeoutMs` it is killed. Returns its exit code, null if killed. */
export async function stop(child: Child, timeoutMs: number): Promise<number | null> {
  resume(child.pid);
  signal(child.pid, 'SIGTERM');
  const late = sleep(timeoutMs, 'late' as const);
  const first = await Promise.race([child.ended, late]);
  if (first !== 'late') return first;
  signal(child.pid, 'SIGKILL');
  return null;
}

/** The folder is deleted when the benchmark ends, however it ends. */
export function deleteAtEnd(folder: string): void {
  folders.add(folder);
}

function clear(): void {
  for (const child of running) child.kill('SIGKILL');
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
}

/** Installed once by the run: no way out of this process leaves a child behind. */
export function clearAtEnd(): void {
  process.once('exit', clear);
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.once(name, () => process.exit(130));
  }
}

/** A port that was free a moment ago, for programs that cannot listen on port 0. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  if (address === null || typeof address === 'string') throw new Error('no TCP port');
  return address.port;
}

export async function untilListening(port: number, timeoutMs: number): Promise<void> {
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    const socket = connect({ host: '127.0.0.1', port });
    const connected = await new Promise<boolean>((resolve) => {
      socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
    });
    socket.destroy();
    if (connected) return;
    if (performance.now() > deadline) throw new Error(`nothing listens on port ${port}`);
    await sleep(20);
  }
}
