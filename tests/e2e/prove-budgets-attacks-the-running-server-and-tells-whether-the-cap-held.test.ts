import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { lockFile } from '../../src/lib/sqlite.ts';
import { startSandbox } from '../../src/sandbox/index.ts';
import type { Sandbox } from '../../src/sandbox/index.ts';
import { BIN, runCommand, startServer, temporaryDirectory } from '../support/server-process.ts';
import type { CommandResult, ServerProcess } from '../support/server-process.ts';
import { fleet, onDataDir, poolOn, query } from './fixture.ts';

const members = fleet('only');
let sandbox: Sandbox;
let file: Record<string, unknown>;
let server: ServerProcess;

beforeAll(async () => {
  sandbox = await startSandbox({ credentials: members });
  file = { pools: [poolOn(sandbox, members)] };
  server = await startServer({ file, lifetime: 'file' });
});

afterAll(() => sandbox.close());

/** As an operator would whose keys are limited unless they say otherwise. */
const proof = (...flags: string[]): Promise<CommandResult> =>
  runCommand(['prove', 'budgets', '--url', server.url, ...flags], {
    TOLLGATE_DATA_DIR: server.dataDir,
    VIRTUAL_KEY_DEFAULT_RPM: '1',
    VIRTUAL_KEY_DEFAULT_BUDGET: '0.000001',
  });

/** All pools, credentials and budgets, and the keys that are not deleted. */
const present = (): unknown[] =>
  ['pools', 'credentials', 'budgets', 'virtual_keys where deleted_at is null'].map((table) =>
    query(server.dataDir, `select id from ${table} order by id`),
  );

const rowsOf = ({ stdout }: CommandResult): Record<string, string[]> =>
  Object.fromEntries(
    stdout.split('\n').flatMap((line) => {
      const [, who, cells] = /^(\w+: .+?) {2,}(.*)$/.exec(line) ?? [];
      return who === undefined || cells === undefined ? [] : [[who, cells.split(/ +/)]];
    }),
  );

test('of 200 calls at once exactly those that are paid for pass, and nothing is left, twice', async () => {
  const before = present();
  const first = await proof('--concurrency', '200');
  expect(first).toMatchObject({ code: 0, stderr: '' });
  expect(rowsOf(first)).toMatchObject({
    'Clients: sent': ['200', '100'],
    'Clients: answered 200': ['7', expect.any(String)],
    'Clients: refused 402': ['193', expect.any(String)],
    'Upstream: served': ['7', expect.any(String), '$0.0043428'],
    'Ledger: recorded': ['7', expect.any(String), '$0.0043428'],
    'Budget: settled': ['$0.0043428'],
    'Budget: cap': ['$0.0043428'],
  });
  expect(first.stdout).toMatch(
    /\nThe budget held: 7 of 200 calls passed, \$0\.0043428 of \$0\.0043428 spent\.\n$/,
  );
  expect(present()).toEqual(before);

  const second = await proof('--concurrency', '150', '--cap-calls', '149');
  expect(second).toMatchObject({ code: 0, stderr: '' });
  expect(second.stdout).toContain('\nThe budget held: 149 of 150 calls passed, ');
  expect(present()).toEqual(before);
  expect((await onDataDir(server, 'list-credentials')).stdout).not.toContain('prove-');
  expect((await onDataDir(server, 'list-keys')).stdout).not.toContain('prove-');
  const all = (await onDataDir(server, 'list-keys', '--all')).stdout.match(/ prove-.*/g);
  expect(all).toEqual([expect.stringContaining(' Deleted '), expect.stringContaining(' Deleted ')]);
  expect(await onDataDir(server, 'ledger', 'verify')).toMatchObject({ code: 0 });
});

/** A proof that has just begun to attack. */
async function attacking() {
  const flags = ['--url', server.url, '--concurrency', '1500', '--cap-calls', '1400'];
  const env = { PATH: process.env['PATH'], TOLLGATE_DATA_DIR: server.dataDir };
  const cwd = server.dataDir;
  const child = spawn(process.execPath, [BIN, 'prove', 'budgets', ...flags], { env, cwd });
  let stderr = '';
  child.stderr.on('data', (bytes: Buffer) => (stderr += bytes.toString()));
  const closed = once(child, 'close');
  await Promise.race([once(child.stdout, 'data'), closed]);
  return {
    async stop(...signals: NodeJS.Signals[]) {
      for (const signal of signals) child.kill(signal);
      await closed;
      return { code: child.exitCode, stderr };
    },
  };
}

test('an interrupted proof leaves nothing, however often it is interrupted', async () => {
  const before = present();
  const { code, stderr } = await (await attacking()).stop('SIGINT', 'SIGINT', 'SIGTERM');
  expect(code).toBeGreaterThan(128);
  expect(stderr).toBe('Interrupted. What was made for the proof is removed again.\n');
  expect(present()).toEqual(before);
});

test('only one proof is made at a time', async () => {
  const lock = lockFile(join(server.dataDir, 'prove.lock'), 0);
  expect(lock).not.toBeNull();
  const { code, stdout, stderr } = await proof();
  lock?.release();
  expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
  expect(stderr).toContain('another proof is being made on this data directory');
});

test('what a killed proof left is removed by the next one, and by the next start', async () => {
  const before = present();
  expect((await (await attacking()).stop('SIGKILL')).code).toBeNull();
  expect(present()).not.toEqual(before);
  expect(await proof('--concurrency', '20')).toMatchObject({ code: 0 });
  expect(present()).toEqual(before);

  expect((await (await attacking()).stop('SIGKILL')).code).toBeNull();
  await server.stop();
  server = await startServer({ file, dataDir: server.dataDir, lifetime: 'file' });
  expect(present()).toEqual(before);
});

test('limits that would refuse calls are not taken for the budget', async () => {
  const small = await startServer({ file, env: { MAX_IN_FLIGHT: '3' } });
  const flags = ['prove', 'budgets', '--url', small.url, '--concurrency', '100'];
  const known = { TOLLGATE_DATA_DIR: small.dataDir, MAX_IN_FLIGHT: '3' };
  const refused = await runCommand(flags, known);
  expect(refused).toMatchObject({ code: 1, stdout: '' });
  expect(refused.stderr).toContain('--concurrency: must not be more than the server takes at once');

  const { code, stdout } = await runCommand(flags, { TOLLGATE_DATA_DIR: small.dataDir });
  expect(code).toBe(1);
  expect(stdout).toMatch(/ {2}- \d+ calls were answered 503 overloaded /);
  expect(stdout).toMatch(/\nNot proved: \d+ of 100 calls passed, /);
});

test('without a server there is nothing to attack, and every mistake is named', async () => {
  const env = { TOLLGATE_DATA_DIR: await temporaryDirectory() };
  const alone = await runCommand(['prove', 'budgets'], env);
  expect(alone).toMatchObject({ code: 1, stdout: '' });
  expect(alone.stderr).toContain('no server serves the data directory ');
  const flags = '--concurrency 10 --cap-calls 10 --url ftp://x --loud'.split(' ');
  const wrong = await runCommand(['prove', 'budgets', ...flags], env);
  const named = wrong.stderr.split('\n').flatMap((line) => /^ {2}- (.+?): /.exec(line)?.[1] ?? []);
  expect(named).toEqual(['--loud', '--url', '--cap-calls']);
});
