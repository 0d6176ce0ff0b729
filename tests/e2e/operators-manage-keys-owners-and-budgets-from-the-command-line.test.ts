import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { startSandbox } from '../../src/sandbox/index.ts';
import type { Sandbox } from '../../src/sandbox/index.ts';
import { startServer } from '../support/server-process.ts';
import type { CommandResult, ServerProcess } from '../support/server-process.ts';
import { chat, createKey, fleet, onDataDir, poolOn, query, recordOf, until } from './fixture.ts';

const SECOND_MS = 1000;
const members = fleet('only');
let sandbox: Sandbox;
let server: ServerProcess;

beforeAll(async () => {
  sandbox = await startSandbox({ credentials: members });
  const file = { pools: [poolOn(sandbox, members)] };
  server = await startServer({ file, lifetime: 'file' });
});

afterAll(() => sandbox.close());

const run = (...args: string[]): Promise<CommandResult> => onDataDir(server, ...args);

async function told(...args: string[]): Promise<string> {
  const { code, stdout, stderr } = await run(...args);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  return stdout;
}

/** The mistakes a command named, each by what stands before the colon. */
async function mistakesOf(...args: string[]): Promise<string[]> {
  const { code, stdout, stderr } = await run(...args);
  expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
  return stderr.split('\n').flatMap((line) => /^ {2}- (.+?): /.exec(line)?.[1] ?? []);
}

/** Calls until the answer has this status; fails when that takes more than a second. */
async function turns(key: string, status: number): Promise<void> {
  const ms = await until(async () => (await chat(server, key)).status === status);
  expect(ms).toBeLessThan(SECOND_MS);
}

const idIn = (text: string): string => /[0-9a-f]{8}-[0-9a-f-]{27}/.exec(text)?.[0] ?? '';

test('a rotated key goes on under its id, the old one as long as it overlaps', async () => {
  const { key: first, id } = await createKey(server, '--name', 'phone');
  await turns(first, 200);
  const rotate = async (...flags: string[]) => {
    const text = await told('rotate-key', id, ...flags);
    expect(text).toContain(`  ID:          ${id}\n`);
    return { text, key: /^ {2}API Key: +(sk-tg-\S+)$/m.exec(text)?.[1] ?? '' };
  };
  const { key: second, text } = await rotate('--overlap', '24h');
  expect(text).toMatch(/^ {2}Old key: +works until \d{4}-\d\d-\d\d /m);
  await turns(second, 200);
  expect((await chat(server, first)).status).toBe(200);

  const { key: third, text: last } = await rotate();
  expect(last).toMatch(/^ {2}Old key: +refused from now on$/m);
  await turns(third, 200);
  const statuses = [first, second].map(async (key) => (await chat(server, key)).status);
  expect(await Promise.all(statuses)).toEqual([401, 401]);
});

test('a deleted key is refused until it is restored, and keeps its name in the list of all', async () => {
  const { key, id } = await createKey(server, '--name', 'lost');
  await turns(key, 200);
  expect(await mistakesOf('delete-key', id)).toEqual(['--yes']);
  expect(await told('delete-key', id, '--yes')).toContain(`Key deleted: ${id}\n`);
  await turns(key, 401);
  expect(await told('list-keys')).not.toContain(id);
  expect(await told('list-keys', '--all')).toMatch(new RegExp(`^${id} +lost .* Deleted `, 'm'));
  const again = await run('update-key', id, '--activate');
  expect(again).toEqual({ code: 1, stdout: '', stderr: `Key not found: ${id}\n` });
  expect(await told('restore-key', id)).toMatch(
    /^Key restored: \S+\n {2}Name: +lost\n {2}Status: +active\n$/,
  );
  await turns(key, 200);
  expect(await run('restore-key', id)).toMatchObject({
    code: 1,
    stderr: `Key ${id} is not deleted.\n`,
  });
});

test('owners and restrictions are given by name, shown, and lifted by empty text', async () => {
  expect(await told('create-team', '--name', 'research', '--tpm', '9000')).toMatch(
    /^Team created: \S+\n {2}Name: +research\n {2}Limits: +9000 tokens\/min\n$/,
  );
  await told('create-user', '--name', 'ann', '--metadata', '{"floor":3}');
  const { id } = await createKey(
    server,
    ...'--name notebook --user ann --team research --concurrency 5'.split(' '),
    ...'--models gpt-4o,claude-* --endpoints chat.* --networks ::1,10.0.0.0/8'.split(' '),
  );
  const line = new RegExp(`^${id} +notebook +\\S+ +ann +research +Active +5 at once `, 'm');
  expect(await told('list-keys')).toMatch(line);
  const changed = await told('update-key', id, '--user', '', '--models', '', '--concurrency', '0');
  expect(changed.split('\n').slice(5)).toEqual([
    '  Team:        research',
    '  Endpoints:   chat.*',
    '  Networks:    ::1, 10.0.0.0/8',
    '',
  ]);
  expect(await told('update-user', 'ann', '--name', 'eve', '--disable')).toMatch(
    /^ {2}Name: +eve\n {2}Status: +disabled$/m,
  );
  expect(await told('list-users')).toMatch(/ eve +Disabled /);
  await told('update-team', 'research', '--tpm', '0', '--rate-limit', '60');
  expect(await told('list-teams')).toMatch(/ research +Enabled +60\/min /);
  expect(await run('create-team', '--name', 'research')).toEqual({
    code: 1,
    stdout: '',
    stderr: 'Another team has this name already.\n',
  });
});

test('a budget tells to the billionth what was spent, and proves it by the records', async () => {
  const { key, id } = await createKey(server, '--name', 'spender');
  await turns(key, 200);
  const set = await told(
    ...`set-budget --key ${id} --cap 25 --zone Europe/Berlin`.split(' '),
    ...'--alert 80,50 --name pocket --soft'.split(' '),
  );
  const budget = idIn(set);
  expect(set).toMatch(
    /^ {2}Name: +pocket\n {2}For: +key spender\n {2}Cap: +\$25\.00 monthly\n {2}Zone: +Europe\/Berlin\n {2}Mode: +soft\n {2}Alerts: +50%, 80%$/m,
  );

  const answer = await chat(server, key);
  await answer.arrayBuffer();
  await recordOf(server.dataDir, answer.headers.get('x-request-id') ?? '');
  const openHolds = () => query(server.dataDir, 'select id from holds where key_id = ?', id);
  expect(await until(() => openHolds().length === 0)).toBeLessThan(SECOND_MS);
  const [{ cost } = { cost: '' }] = query(
    server.dataDir,
    `select rtrim(printf('%.9f', sum(cost_nano) / 1e9), '0') as cost from usage_records
     where key_id = ?`,
    id,
  );
  expect(Number(cost)).toBeGreaterThan(0);
  const explained = await told('explain-budget', budget);
  expect(explained).toContain(`  Spent by roll-ups  $${String(cost)}\n`);
  expect(explained).toContain(`  Spent by records   $${String(cost)}\n  They are equal.\n`);
  expect(explained).toContain('Holds\n  None.\n');
  const line = (await told('list-budgets')).split('\n').find((text) => text.startsWith(budget));
  expect(line).toMatch(/ pocket +key spender +monthly +Europe\/Berlin +soft +\$25\.00 +\$0\.\d+ /);

  // Set again it is changed: what was not given stays.
  const changed = await told('set-budget', '--key', id, '--cap', '0', '--hard');
  expect(changed).toContain(`Budget set: ${budget}\n  Name:       pocket\n`);
  expect(changed).toContain(`  Remaining:  -$${String(cost)}\n`);
  const raised = await told('raise-budget', budget, '--by', '0.5', '--for', '24h');
  expect(raised).toMatch(
    /^ {2}Cap: +\$0\.00 monthly\n {2}Raised: +by \$0\.50 to \$0\.50 until \d{4}-/m,
  );
  await turns(key, 200);
  const listed = (await told('list-budgets')).split('\n').find((text) => text.startsWith(budget));
  expect(listed).toMatch(/ hard +\$0\.50 +\$0\.\d+ /);
  const ended = await told('raise-budget', budget, '--by', '0');
  expect(ended).toContain(`Raise ended: ${budget}\n`);
  expect(ended).not.toContain('Raised:');
  expect(await told('remove-budget', budget)).toContain(`Budget removed: ${budget}\n`);
  expect(await told('list-budgets')).not.toContain(budget);
});

describe('every mistake is named by its flag', () => {
  test.each([
    [
      'create-key --name= --tpm x --concurrency -1 --models a,,b --endpoints nothing --networks 10.0.0.0/33 --metadata []',
      '--name --tpm --concurrency --models --endpoints --networks --metadata',
    ],
    ['rotate-key --overlap soon', '<id> --overlap'],
    ['create-user --metadata {', '--metadata --name'],
    ['update-team --enable --disable --tpm 1.5', '<team> --enable,--disable --tpm'],
    [
      'set-budget --key a --team b --cap -1 --period yearly --zone Mars --alert 50,x --hard --soft --strict --standard',
      '--cap --period --zone --hard,--soft --strict,--standard --alert --key,--team,--user,--pool',
    ],
    ['set-budget', '--key,--team,--user,--pool --cap'],
    ['raise-budget --by -1 --until soon --for 1h', '<id> --by --until --until,--for'],
    ['raise-budget 0123 --by 1', '--until,--for'],
    ['explain-budget --all', '--all <id>'],
  ])('%s', async (line, flags) => {
    const named = (await mistakesOf(...line.split(' '))).map((name) => name.replaceAll(', ', ','));
    expect(named.toSorted()).toEqual(flags.split(' ').toSorted());
  });
});
