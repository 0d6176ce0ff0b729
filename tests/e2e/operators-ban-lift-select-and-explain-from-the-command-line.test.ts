import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { startSandbox } from '../../src/sandbox/index.ts';
import type { Sandbox } from '../../src/sandbox/index.ts';
import { quickest } from '../support/fastest-of.ts';
import { startServer } from '../support/server-process.ts';
import type { CommandResult, ServerProcess } from '../support/server-process.ts';
import { chat, fleet, isReceived, MODEL, onDataDir, poolOn, recordOf, until } from './fixture.ts';

const SECOND_MS = 1000;
const TRIES = 5;
const members = fleet('first', 'second');
let sandbox: Sandbox;
let server: ServerProcess;

beforeAll(async () => {
  sandbox = await startSandbox({ credentials: members });
  const pool = poolOn(sandbox, members, {
    strategy: 'selected_then_rotate',
    models: [{ name: 'quick', upstream: MODEL }],
  });
  server = await startServer({ file: { pools: [pool] }, lifetime: 'file' });
});

afterAll(() => sandbox.close());

/** Who served a call, by the upstream's own account, and the call's id. */
async function served(model: string = MODEL): Promise<{ by: string; id: string; status: number }> {
  const answer = await chat(server, server.key, { body: { model } });
  await answer.arrayBuffer();
  const id = answer.headers.get('x-request-id') ?? '';
  const entries = sandbox.witness.entries.filter(isReceived);
  const by = entries.findLast(({ requestId }) => requestId === id)?.credential ?? '';
  return { by, id, status: answer.status };
}

/** Calls until this credential serves; the milliseconds that it took. */
const turnsTo = (name: string) => until(async () => (await served()).by === name);

const run = (...args: string[]): Promise<CommandResult> => onDataDir(server, ...args);

async function told(...args: string[]): Promise<string> {
  const { code, stdout, stderr } = await run(...args);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  return stdout;
}

const listed = async (name: string): Promise<string> =>
  (await told('list-credentials')).split('\n').find((line) => line.includes(` default/${name} `)) ??
  '';

test('a banned credential gets no calls within a second, and calls again once the ban is lifted', async () => {
  expect(await quickest(SECOND_MS, TRIES, bannedAndLiftedMs)).toBeLessThan(SECOND_MS);
});

/** The slower of the two. */
async function bannedAndLiftedMs(): Promise<number> {
  expect((await served()).by).toBe('first');
  const banned = await told('ban-credential', 'first', '--note', 'invoice unpaid');
  expect(banned).toBe('Banned: default/first\n  Model:  all\n  Lasts:  until lifted\n');
  const bannedMs = await turnsTo('second');
  expect(await listed('first')).toMatch(/ sandbox +…\S{4} +Banned +1 +1 +Unlimited +\$\d/);
  expect(await listed('second')).toMatch(/ Enabled /);
  expect(await told('list-credentials')).toMatch(
    /^Banned:\n {2}default\/first {2}all models until lifted \(operator: invoice unpaid\)$/m,
  );

  expect(await told('lift-ban', 'default/first')).toBe(
    'Lifted: default/first\n  all models until lifted (operator: invoice unpaid)\n',
  );
  const liftedMs = await turnsTo('first');
  const again = await run('lift-ban', 'first');
  expect(again).toEqual({ code: 1, stdout: '', stderr: 'No ban is in force on default/first.\n' });
  return Math.max(bannedMs, liftedMs);
}

test('a ban of one model leaves the others alone, and names the model and its end', async () => {
  const said = await told('ban-credential', 'first', '--model', MODEL, '--for', '1h');
  expect(said).toMatch(/^ {2}Model: {2}gpt-4o-mini\n {2}Lasts: {2}until \d{4}-\d\d-\d\d /m);
  await turnsTo('second');
  expect((await served('gpt-4o')).by).toBe('first');
  await told('lift-ban', 'first', '--model', MODEL);
  await turnsTo('first');
});

test('who is selected serves first', async () => {
  expect(await told('select-credential', 'second')).toBe('Selected: default/second\n');
  await turnsTo('second');
  expect(await listed('second')).toMatch(/ Selected /);
  await told('select-credential', 'first');
  await turnsTo('first');
  expect(await listed('second')).toMatch(/ Enabled /);
});

test('a credential that nobody has says so', async () => {
  const commands = ['ban-credential', 'lift-ban', 'select-credential'];
  const results = await Promise.all(commands.map((command) => run(command, 'third')));
  const refusal = { code: 1, stdout: '', stderr: 'There is no credential called third.\n' };
  expect(results).toEqual(commands.map(() => refusal));
});

test('explain tells of each attempt, of the name sent upstream, and of who was left out', async () => {
  await told('ban-credential', 'first', '--for', '1h');
  await turnsTo('second');
  const { id } = await served('quick');
  await recordOf(server.dataDir, id);
  const text = await told('explain', id);
  expect(text).toContain(`Request ${id}\n`);
  expect(text).toMatch(/^ {2}Asked +quick at \S+$/m);
  expect(text).toMatch(/^ {2}Strategy +selected_then_rotate$/m);
  expect(text).toMatch(/^ {2}Order +default\/second$/m);
  expect(text).toMatch(/^ {2}Left out +default\/first: banned until \d{4}-/m);
  expect(text).toMatch(/^ {2}1 +default\/second +gpt-4o-mini +200 +served +\d+$/m);
  expect(text).toMatch(/^ {2}Served by +default\/second$/m);
  expect(text).toMatch(/^ {2}Cost +\$0\.\d+$/m);
  await told('lift-ban', 'first');
  await turnsTo('first');
});

test('explain says when a call is not on record', async () => {
  expect(await run('explain', 'nonsense')).toEqual({
    code: 1,
    stdout: '',
    stderr: 'No call nonsense is on record. Accepted calls are, once they have ended.\n',
  });
});
