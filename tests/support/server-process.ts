import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach } from '@jest/globals';
import { stringify } from 'yaml';
import { PATIENCE_MS } from './patience.ts';

const REPO = fileURLToPath(new URL('../..', import.meta.url));
/** What `tollgate` runs. */
export const BIN = join(REPO, 'bin', 'tollgate.js');

export interface ServerProcess {
  url: string;
  /** Host and port of gRPC; null unless it is asked for (`GRPC_PORT`). */
  grpc: string | null;
  /** The key shown at first start, or null on later starts. */
  key: string | null;
  pid: number;
  /** Working directory of the process. */
  cwd: string;
  dataDir: string;
  stdout(): string;
  stderr(): string;
  /** Sends the signal and resolves with the exit code (null when killed by it). */
  stop(signal?: NodeJS.Signals): Promise<number | null>;
}

/** How long a process or directory is kept: to the end of its test, or of its test file. */
export type Lifetime = 'test' | 'file';

interface Belongings {
  children: ChildProcess[];
  directories: string[];
}

const belongings: Record<Lifetime, Belongings> = {
  test: { children: [], directories: [] },
  file: { children: [], directories: [] },
};

afterEach(() => release(belongings.test));
afterAll(() => release(belongings.file));

async function release({ children, directories }: Belongings): Promise<void> {
  for (const child of children.splice(0)) {
    if (child.exitCode === null && child.signalCode === null) {
      child.kill('SIGKILL');
      await once(child, 'exit');
    }
  }
  for (const path of directories.splice(0)) await rm(path, { recursive: true, force: true });
}

export async function temporaryDirectory(lifetime: Lifetime = 'test'): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'tollgate-e2e-'));
  belongings[lifetime].directories.push(path);
  return path;
}

/** Nothing of the caller's environment that Tollgate would read. */
function cleanEnvironment(extra: Record<string, string>): Record<string, string> {
  const { PATH = '', HOME = '' } = process.env;
  return { PATH, HOME, ...extra };
}

/**
 * The built product as its users start it; `file` becomes its `tollgate.yaml`. With `isBare` it is
 * told nothing but a free port and keeps its data under the working directory, as at a first start.
 */
export async function startServer(options: {
  dataDir?: string;
  file?: Record<string, unknown>;
  env?: Record<string, string>;
  isBare?: boolean;
  lifetime?: Lifetime;
}): Promise<ServerProcess> {
  const cwd = options.dataDir ?? (await temporaryDirectory(options.lifetime));
  const dataDir = options.isBare === true ? join(cwd, 'data') : cwd;
  const named = options.isBare === true ? {} : { TOLLGATE_DATA_DIR: dataDir };
  const env: Record<string, string> = { PORT: '0', GRPC_PORT: 'off', ...named, ...options.env };
  if (options.file !== undefined) {
    env['TOLLGATE_CONFIG'] = join(dataDir, 'tollgate.yaml');
    await writeFile(env['TOLLGATE_CONFIG'], stringify(options.file));
  }
  const child = spawn(process.execPath, [BIN, 'serve'], { cwd, env: cleanEnvironment(env) });
  belongings[options.lifetime ?? 'test'].children.push(child);
  let stdout = '';
  let stderr = '';
  child.stderr.on('data', (bytes: Buffer) => (stderr += bytes.toString()));
  const url = await new Promise<string>((resolve, reject) => {
    const patience = setTimeout(
      () => reject(new Error(`not ready: ${stdout}${stderr}`)),
      PATIENCE_MS,
    );
    child.on('exit', (code) => reject(new Error(`exited with ${code}: ${stdout}${stderr}`)));
    child.stdout.on('data', (bytes: Buffer) => {
      stdout += bytes.toString();
      const found = /listening on (http:\/\/\S+)/.exec(stdout);
      if (found?.[1] === undefined || !stdout.includes('Ctrl-C')) return;
      clearTimeout(patience);
      resolve(found[1]);
    });
  });
  return {
    url,
    grpc: /^ {2}gRPC +(\S+)/m.exec(stdout)?.[1] ?? null,
    key: /sk-tg-[0-9A-Za-z]+/.exec(stdout)?.[0] ?? null,
    pid: child.pid ?? 0,
    cwd,
    dataDir,
    stdout: () => stdout,
    stderr: () => stderr,
    async stop(signal = 'SIGTERM') {
      if (child.exitCode === null && child.signalCode === null) {
        child.kill(signal);
        await once(child, 'exit');
      }
      return child.exitCode;
    },
  };
}

export interface CommandResult {
  /** Null when it did not end by itself. */
  code: number | null;
  stdout: string;
  stderr: string;
}

interface RunOptions {
  cwd?: string;
  env?: Record<string, string>;
  /** A program that has not ended by then is killed. */
  patienceMs?: number;
}

/** Runs a command of the built product to its end. */
export function runCommand(
  args: string[],
  env: Record<string, string> = {},
  patienceMs = PATIENCE_MS,
): Promise<CommandResult> {
  const cwd = env['TOLLGATE_DATA_DIR'] ?? REPO;
  return runProgram(process.execPath, [BIN, ...args], { cwd, env, patienceMs });
}

/** Runs any program as a user would, by default where the product's packages can be imported. */
export async function runProgram(
  program: string,
  args: string[],
  { cwd = REPO, env = {}, patienceMs = PATIENCE_MS }: RunOptions = {},
): Promise<CommandResult> {
  const child = spawn(program, args, { cwd, env: cleanEnvironment(env) });
  belongings.test.children.push(child);
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (bytes: Buffer) => (stdout += bytes.toString()));
  child.stderr.on('data', (bytes: Buffer) => (stderr += bytes.toString()));
  const patience = setTimeout(() => child.kill('SIGKILL'), patienceMs);
  await once(child, 'close');
  clearTimeout(patience);
  return { code: child.exitCode, stdout, stderr };
}
