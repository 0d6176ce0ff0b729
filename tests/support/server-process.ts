import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach } from '@jest/globals';
import { stringify } from 'yaml';

const REPO = fileURLToPath(new URL('../..', import.meta.url));
const BIN = join(REPO, 'bin', 'tollgate.js');
const READY_MS = 20_000;

export interface ServerProcess {
  url: string;
  /** The key shown at first start, or null on later starts. */
  key: string | null;
  pid: number;
  dataDir: string;
  stdout(): string;
  stderr(): string;
  /** Sends the signal and resolves with the exit code (null when killed by it). */
  stop(signal?: NodeJS.Signals): Promise<number | null>;
}

const children: ChildProcess[] = [];
const directories: string[] = [];

afterEach(async () => {
  for (const child of children.splice(0)) {
    if (child.exitCode === null && child.signalCode === null) {
      child.kill('SIGKILL');
      await once(child, 'exit');
    }
  }
  for (const path of directories.splice(0)) await rm(path, { recursive: true, force: true });
});

export async function temporaryDirectory(): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'tollgate-e2e-'));
  directories.push(path);
  return path;
}

/** Nothing of the caller's environment that Tollgate would read. */
function cleanEnvironment(extra: Record<string, string>): Record<string, string> {
  const { PATH = '', HOME = '' } = process.env;
  return { PATH, HOME, ...extra };
}

/** The built product as its users start it; `file` becomes its `tollgate.yaml`. */
export async function startServer(options: {
  dataDir?: string;
  file?: Record<string, unknown>;
  env?: Record<string, string>;
}): Promise<ServerProcess> {
  const dataDir = options.dataDir ?? (await temporaryDirectory());
  const env: Record<string, string> = { TOLLGATE_DATA_DIR: dataDir, PORT: '0', ...options.env };
  if (options.file !== undefined) {
    env['TOLLGATE_CONFIG'] = join(dataDir, 'tollgate.yaml');
    await writeFile(env['TOLLGATE_CONFIG'], stringify(options.file));
  }
  const child = spawn(process.execPath, [BIN, 'serve'], {
    cwd: dataDir,
    env: cleanEnvironment(env),
  });
  children.push(child);
  let stdout = '';
  let stderr = '';
  child.stderr.on('data', (bytes: Buffer) => (stderr += bytes.toString()));
  const url = await new Promise<string>((resolve, reject) => {
    const patience = setTimeout(() => reject(new Error(`not ready: ${stdout}${stderr}`)), READY_MS);
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
    key: /sk-tg-[0-9A-Za-z]+/.exec(stdout)?.[0] ?? null,
    pid: child.pid ?? 0,
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

/** Runs a command of the built product to its end. */
export async function runCommand(
  args: string[],
  env: Record<string, string> = {},
): Promise<{ code: number | null; stdout: string; stderr: string }> {
  const cwd = env['TOLLGATE_DATA_DIR'] ?? REPO;
  const child = spawn(process.execPath, [BIN, ...args], { cwd, env: cleanEnvironment(env) });
  children.push(child);
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (bytes: Buffer) => (stdout += bytes.toString()));
  child.stderr.on('data', (bytes: Buffer) => (stderr += bytes.toString()));
  await once(child, 'close');
  return { code: child.exitCode, stdout, stderr };
}
