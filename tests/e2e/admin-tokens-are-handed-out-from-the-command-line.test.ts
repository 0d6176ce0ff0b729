import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { startSandbox } from '../../src/sandbox/index.ts';
import type { Sandbox } from '../../src/sandbox/index.ts';
import { startServer } from '../support/server-process.ts';
import type { ServerProcess } from '../support/server-process.ts';
import { fleet, onDataDir, poolOn, until } from './fixture.ts';

const members = fleet('only');
let sandbox: Sandbox;
let server: ServerProcess;

beforeAll(async () => {
  sandbox = await startSandbox({ credentials: members });
  const file = { pools: [poolOn(sandbox, members)] };
  server = await startServer({ file, lifetime: 'file' });
});

afterAll(() => sandbox.close());

async function told(...args: string[]): Promise<string> {
  const { code, stdout, stderr } = await onDataDir(server, ...args);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  return stdout;
}

async function whoIs(token: string): Promise<{ status: number; body: unknown }> {
  const answer = await fetch(`${server.url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
    body: JSON.stringify({ query: '{ me { name role } }' }),
  });
  return { status: answer.status, body: await answer.json() };
}

test('a token made beside a running server opens it, and once revoked no more', async () => {
  expect(await told('list-admin-tokens')).toBe('No admin tokens found.\n');
  const text = await told(
    ...'create-admin-token --name ops --role operator --expires 30'.split(' '),
  );
  const token = /^ {2}Admin Token: (tg-adm-\S+)$/m.exec(text)?.[1] ?? '';
  expect(text).toMatch(/^ {2}Name: +ops\n {2}Role: +operator\n {2}Expires: +\d{4}-/m);
  await until(async () => (await whoIs(token)).status === 200);
  const me = { name: 'token:ops', role: 'OPERATOR' };
  expect(await whoIs(token)).toEqual({ status: 200, body: { data: { me } } });

  expect(await told('list-admin-tokens')).toMatch(/ ops +tg-adm-….{4} +operator +Active /);
  expect(await told('revoke-admin-token', 'ops')).toMatch(/^Admin token revoked: [0-9a-f-]{36}\n/);
  await until(async () => (await whoIs(token)).status === 401);
  const list = await told('list-admin-tokens');
  expect(list).toMatch(/ ops +tg-adm-….{4} +operator +Revoked /);
  expect(list).not.toContain(token);
});

test('mistakes are named all at once, and nothing is made', async () => {
  const wrong = ['create-admin-token', '--role', 'root', '--expires', '0', '--what'];
  const { code, stdout, stderr } = await onDataDir(server, ...wrong);
  expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
  for (const flag of ['--what', '--role', '--expires', '--name']) {
    expect(stderr).toContain(`  - ${flag}: `);
  }
  expect(await onDataDir(server, 'revoke-admin-token', 'nobody')).toEqual({
    code: 1,
    stdout: '',
    stderr: 'There is no admin token called nobody.\n',
  });
});
