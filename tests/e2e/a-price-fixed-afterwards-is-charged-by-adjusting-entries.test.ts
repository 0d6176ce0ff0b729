import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from '@jest/globals';
import Database from 'better-sqlite3';
import { stringify } from 'yaml';
import { usdFromNano } from '../../src/lib/money.ts';
import { ROLLED_UP } from '../../src/accounting/ledger/totals.ts';
import { startSandbox } from '../../src/sandbox/index.ts';
import type { Sandbox } from '../../src/sandbox/index.ts';
import { quickest } from '../support/fastest-of.ts';
import { toldCosts } from '../support/oracle.ts';
import { startServer } from '../support/server-process.ts';
import type { CommandResult, ServerProcess } from '../support/server-process.ts';
import {
  MODEL,
  chat,
  createKey,
  fleet,
  onDataDir,
  poolOn,
  query,
  recordOf,
  until,
} from './fixture.ts';

const SECOND_MS = 1000;
const TRIES = 3;
const STALL_MS = 60_000;
const members = fleet('only');
/** A thousand times what the provider asks for: somebody took it for the price of a thousand tokens. */
const WRONG = { model: MODEL, input: 150, cache_read: 75, output: 600 };
let sandbox: Sandbox;
let server: ServerProcess;

const file = (...prices: object[]) => ({ pools: [poolOn(sandbox, members)], prices });

/** Books of their own, with the wrong price. */
async function begin(): Promise<void> {
  await server?.stop();
  await sandbox?.close();
  sandbox = await startSandbox({ credentials: members });
  server = await startServer({ file: file(WRONG), lifetime: 'file' });
}

afterAll(() => sandbox.close());

const run = (...args: string[]): Promise<CommandResult> => onDataDir(server, ...args);

async function told(...args: string[]): Promise<string> {
  const { code, stdout, stderr } = await run(...args);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  return stdout;
}

/** A call that is answered; its request id, once it is on record. */
async function call(key: string): Promise<string> {
  const answer = await chat(server, key);
  expect(answer.status).toBe(200);
  await answer.arrayBuffer();
  const id = answer.headers.get('x-request-id') ?? '';
  await recordOf(server.dataDir, id);
  return id;
}

const holds = () => query(server.dataDir, 'select id from holds').map(({ id }) => String(id));
const allSettled = () => until(() => holds().length === 0);
const works = (key: string) => async () => (await chat(server, key)).status === 200;

async function moneyOf(id: string): Promise<{ cost: bigint; hold: bigint }> {
  const row = await recordOf(server.dataDir, id);
  return { cost: BigInt(String(row['cost_nano'])), hold: BigInt(String(row['hold_nano'])) };
}

test('calls are charged as if the price had been right, and budgets follow within a second', async () => {
  expect(await quickest(SECOND_MS, TRIES, repricedMs)).toBeLessThan(SECOND_MS);
});

/** How long budgets took to follow what was set, and what was priced anew. */
async function repricedMs(): Promise<number> {
  await begin();
  const { key, id: keyId } = await createKey(server, '--name', 'phone');
  await until(works(key));
  const ids = [await call(key), await call(key)];
  const { cost, hold } = await moneyOf(ids[0] ?? '');
  // Room for one more call if those before had not cost more than one.
  const cap = usdFromNano(cost + hold);
  await told('set-budget', '--key', keyId, '--period', 'none', '--cap', cap);
  const setMs = await until(async () => (await chat(server, key)).status === 402);
  await allSettled();
  const untouched = query(server.dataDir, 'select * from usage_records order by id');
  const spent = untouched.reduce((sum, row) => sum + BigInt(String(row['cost_nano'])), 0n);
  const count = untouched.length;

  // The price is put right; the server goes on with the one that it has read.
  await writeFile(join(server.dataDir, 'tollgate.yaml'), stringify(file()));
  const right = toldCosts(sandbox.witness.entries);
  const expected = [...right.values()].reduce((sum, nano) => sum + nano, 0n);
  const sums = new RegExp(
    `^Calls +${count}\\nBefore +\\$${usdFromNano(spent)}\\nAfter +\\$${usdFromNano(expected)}\\n` +
      `Difference +-\\$${usdFromNano(spent - expected)}\\n`,
  );
  const foreseen = await told('ledger', 'reprice', '--dry-run');
  expect(foreseen).toMatch(sums);
  expect(foreseen).toContain(`${count} calls would be adjusted. Nothing was written.\n`);
  expect((await chat(server, key)).status).toBe(402);
  expect(query(server.dataDir, 'select * from adjustments')).toEqual([]);

  const done = await told('ledger', 'reprice', '--note', 'per million');
  expect(done).toMatch(sums);
  expect(done).toContain(`${count} calls adjusted.\n`);
  const followedMs = await until(works(key));
  for (const id of ids) {
    const [row] = query(
      server.dataDir,
      `select cast(sum(delta_nano) as text) as delta from adjustments where request_id = ?`,
      id,
    );
    expect((await moneyOf(id)).cost + BigInt(String(row?.['delta']))).toBe(right.get(id));
  }
  await allSettled();
  const [last = ''] = ids.slice(-1);
  const records = query(server.dataDir, 'select * from usage_records order by id');
  expect(records.slice(0, count)).toEqual(untouched);

  const explained = await told('explain', last);
  expect(explained).toMatch(/^ {2}Adjusted +-\$0\.\d+ on .* by cli \(priced anew: per million\)$/m);
  expect(explained).toContain(`  Cost now      $${usdFromNano(right.get(last) ?? 0n)}\n`);
  expect(await told('usage')).toMatch(/ Cost +Of it adjusted\n/);
  expect(await told('ledger', 'verify')).toMatch(
    new RegExp(`Adjusted +-\\$.* by ${count} entries\\n[^]*The books balance\\.`),
  );
  // The call that was let in since cost the old price, which its server still has.
  expect(await told('ledger', 'reprice')).toContain('\n1 calls adjusted.\n');
  expect(await told('ledger', 'reprice')).toContain('\n0 calls adjusted.\n');
  return Math.max(setMs, followedMs);
}

test('a call that was lost is adjusted by an operator, whom no price overrules', async () => {
  const { key } = await createKey(server, '--name', 'lost');
  await until(works(key));
  await allSettled();
  const headers = { 'x-sandbox-fault': `delay-head;ms=${STALL_MS}` };
  const lost = chat(server, key, { headers }).catch(() => null);
  await until(() => holds().length === 1);
  const [id = ''] = holds();
  await server.stop('SIGKILL');
  await lost;
  server = await startServer({ dataDir: server.dataDir, file: file(), lifetime: 'file' });
  expect((await moneyOf(id)).cost).toBeGreaterThan(0n);
  expect(await recordOf(server.dataDir, id)).toMatchObject({ outcome: 'unknown' });

  const adjusted = await told('ledger', 'adjust', id, '--cost', '0', '--note', 'never arrived');
  expect(adjusted).toMatch(
    /^Before +\$0\.\d+\nAfter +\$0\.00\nDifference +-\$0\.\d+\nAdjusted\.\n$/,
  );
  expect(await told('explain', id)).toMatch(
    /Adjusted +-\$.* by cli \(an operator said so: never arrived\)\n {2}Cost now +\$0\.00\n/,
  );
  expect(await told('ledger', 'adjust', id, '--cost', '0', '--note', 'again')).toContain(
    'That is what it costs already: nothing was written.\n',
  );
  const less = await run('ledger', 'adjust', id, '--delta', '-0.01', '--note', 'less');
  expect(less).toMatchObject({ code: 1, stdout: '' });
  expect(less.stderr).toBe(
    'delta: the call costs $0.00 by now, and a cost is from 0 to 10000000.00\n',
  );
  expect(await told('ledger', 'reprice')).toContain('1: an operator has said what they cost\n');
  expect(await told('ledger', 'verify')).toContain('The books balance.\n');
});

test('roll-ups that were lost are made anew, not beside a server', async () => {
  const beside = await run('ledger', 'rebuild');
  expect(beside).toMatchObject({ code: 1, stdout: '' });
  expect(beside.stderr).toContain('A server serves this data directory');
  await server.stop();
  const rows = (table: string) => query(server.dataDir, `select * from ${table} order by 1, 2, 3`);
  const tables = [`(${ROLLED_UP})`, 'spend_rollups'];
  const before = tables.map(rows);
  const database = new Database(join(server.dataDir, 'tollgate.db'));
  database.exec('delete from usage_rollups; delete from usage_totals');
  database.exec('update spend_rollups set cost_nano = cost_nano + 1');
  database.close();
  expect(await run('ledger', 'verify')).toMatchObject({ code: 1, stderr: '' });
  const [usage, spend] = before.map(({ length }) => length);
  expect(await told('ledger', 'rebuild')).toMatch(
    new RegExp(
      `^Rebuilt: ${usage} sums of usage, ${spend} of spending\\.\\n[^]*The books balance\\.\\n$`,
    ),
  );
  expect(tables.map(rows)).toEqual(before);
  const events = query(server.dataDir, `select type, actor from events where type like 'ledger.%'`);
  expect(events.at(-1)).toEqual({ type: 'ledger.rebuilt', actor: 'cli' });
});

describe('every mistake is named by its flag', () => {
  test.each([
    [
      'ledger reprice --model= --provider acme --from 2026-02-30 --to soon --note= --wat now',
      ['--wat', 'now', '--from', '--to', '--model', '--provider', '--note'],
    ],
    ['ledger reprice --from 2026-02-02 --to 2026-02-01', ['--from']],
    [
      'ledger adjust --cost -1 --delta 0',
      ['<request-id>', '--cost', '--delta', '--cost, --delta', '--note'],
    ],
    ['ledger adjust a b --note=', ['b', '--note', '--cost, --delta']],
    ['ledger rebuild all --fast', ['--fast', 'all']],
  ])('%s', async (line, names) => {
    const { code, stdout, stderr } = await run(...line.split(' '));
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr.split('\n').flatMap((text) => /^ {2}- (.+?): /.exec(text)?.[1] ?? [])).toEqual(
      names,
    );
  });

  test('a call that is not on record', async () => {
    const stray = await run('ledger', 'adjust', 'nothing', '--cost', '1', '--note', 'why');
    expect(stray).toMatchObject({ code: 1, stdout: '' });
    expect(stray.stderr).toContain('No call nothing is on record.');
  });
});
