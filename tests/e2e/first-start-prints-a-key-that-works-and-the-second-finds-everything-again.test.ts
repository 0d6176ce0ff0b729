import { stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { beforeAll, expect, test } from '@jest/globals';
import { runProgram, startServer, temporaryDirectory } from '../support/server-process.ts';
import type { ServerProcess } from '../support/server-process.ts';
import { chat, onDataDir } from './fixture.ts';

let cwd: string;
let first: ServerProcess;

beforeAll(async () => {
  cwd = await temporaryDirectory('file');
  first = await startServer({ dataDir: cwd, isBare: true, lifetime: 'file' });
});

/** What the banner says behind a label. */
const shown = (server: ServerProcess, label: string) =>
  new RegExp(`^ {2}${label} {2,}(.+)$`, 'm').exec(server.stdout())?.[1];

/** The part of the banner from one line to another, as a person would copy it. */
function pasted(server: ServerProcess, start: RegExp, end: RegExp): string {
  const lines = server.stdout().split('\n');
  const from = lines.findIndex((line) => start.test(line));
  const to = lines.findIndex((line, at) => at >= from && end.test(line));
  return lines.slice(from, to + 1).join('\n');
}

test('the banner says where everything is', () => {
  expect(shown(first, 'OpenAI API')).toBe(`${first.url}/v1`);
  expect(shown(first, 'Health')).toBe(`${first.url}/health`);
  expect(shown(first, 'Metrics')).toBe(`${first.url}/metrics`);
  expect(shown(first, 'Data')).toBe(resolve(cwd, 'data'));
  expect(shown(first, 'Admin secret')).toBe(`in ${resolve(cwd, 'data', 'admin-secret')}`);
  expect(shown(first, 'Upstream')).toMatch(/^sandbox fleet on http:\/\/127\.0\.0\.1:\d+ /);
  expect(shown(first, 'Virtual key')).toBe(first.key);
  expect(first.stdout()).toContain('Ctrl-C');
});

test.each(['Health', 'Metrics'])('the address behind %s answers', async (label) => {
  const answer = await fetch(shown(first, label) ?? '');
  expect(answer.status).toBe(200);
});

test('the printed curl command streams an answer to its end', async () => {
  const command = pasted(first, /^curl /, /"messages"/);
  const { code, stdout } = await runProgram('sh', ['-c', command]);
  expect(code).toBe(0);
  const events = stdout.trim().split('\n\n');
  expect(events.length).toBeGreaterThan(3);
  expect(events.at(-1)).toBe('data: [DONE]');
  expect(stdout).toContain('"finish_reason":"stop"');
});

test('the printed SDK sample runs as it is and prints an answer', async () => {
  const sample = pasted(first, /^import OpenAI/, /^console\.log/);
  const node = ['--input-type=module', '--eval', sample];
  const { code, stdout, stderr } = await runProgram(process.execPath, node);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  expect(stdout).toMatch(/^\w.*\.\n$/);
});

test.each(['admin-secret', 'pepper', 'master-key'])('%s is for its owner alone', async (name) => {
  const { mode, size } = await stat(join(first.dataDir, name));
  expect((mode & 0o777).toString(8)).toBe('600');
  expect(size).toBe(64);
});

test('Ctrl-C ends it with 0; a second start shows no key and serves the old one', async () => {
  expect(await first.stop('SIGINT')).toBe(0);
  const second = await startServer({ dataDir: cwd, isBare: true });
  expect(second.key).toBeNull();
  expect(second.stdout()).toContain('npx tollgate create-key --name NAME');
  const answer = await chat(second, first.key);
  expect(answer.status).toBe(200);
  expect(await second.stop('SIGINT')).toBe(0);
  const listed = await onDataDir(second, 'list-keys');
  expect(listed.stdout).toMatch(/^Total: 1 key\(s\)$/m);
  const verified = await onDataDir(second, 'ledger', 'verify');
  expect(verified).toMatchObject({ code: 0, stderr: '' });
  expect(verified.stdout).toMatch(/^Records +3$/m);
  expect(verified.stdout).toContain('The books balance.');
});
