import { beforeAll, expect, test } from '@jest/globals';
import { apply, prepare } from '../../../src/accounting/ledger/apply.ts';
import { holdRow, recordRow } from '../../../src/accounting/ledger/rows.ts';
import { openSqlite } from '../../../src/lib/sqlite.ts';
import { aHold, aRecord, emptyBooks } from '../../support/ledger-books.ts';
import { runCommand } from '../../support/server-process.ts';
import type { CommandResult } from '../../support/server-process.ts';

const ids = {
  key: '01990000-0000-7000-8000-00000000000a',
  gone: '01990000-0000-7000-8000-00000000000b',
  team: '01990000-0000-7000-8000-000000000001',
  pool: '01990000-0000-7000-8000-000000000002',
  credential: '01990000-0000-7000-8000-000000000003',
};

let dataDir = '';

const run = (line: string): Promise<CommandResult> =>
  runCommand(['usage', ...line.split(' ').filter(Boolean)], { TOLLGATE_DATA_DIR: dataDir });

async function told(line: string): Promise<string[]> {
  const { code, stdout, stderr } = await run(line);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  return stdout
    .trimEnd()
    .split('\n')
    .map((text) => text.replaceAll(/ {2,}/g, ' | '));
}

beforeAll(async () => {
  const books = await emptyBooks();
  ({ dataDir } = books);
  const database = openSqlite(books.file);
  database.exec(`
    insert into pools (id, name, strategy, policy, source, created_at, updated_at)
      values ('${ids.pool}', 'main', 'round_robin', '{}', 'operator', 0, 0);
    insert into credentials (id, pool_id, name, provider, base_url, secret_sealed, secret_hint,
        is_enabled, source, created_at, updated_at)
      values ('${ids.credential}', '${ids.pool}', 'one', 'openai', '', '', '', 0, 'operator', 0, 0);
    insert into teams (id, name, is_enabled, metadata, created_at, updated_at)
      values ('${ids.team}', 'research', 1, '{}', 0, 0);
    insert into virtual_keys (id, pool_id, name, hash, hint, is_active, deleted_at, created_at, updated_at)
      values ('${ids.key}', '${ids.pool}', 'phone', 'h', '', 1, null, 0, 0),
        ('${ids.gone}', '${ids.pool}', 'lost', 'deleted', '', 0, 7, 0, 0)`);
  const call = (at: string, keyId: string, model: string, costNano: bigint) => {
    const owners = { poolId: ids.pool, teamId: keyId === ids.key ? ids.team : '' };
    const hold = aHold({ keyId, model, createdAtMs: Date.parse(at), ...owners });
    return { hold, record: aRecord(hold, { costNano, credentialId: ids.credential }) };
  };
  const calls = [
    // Both show as two o'clock in Berlin, where clocks are turned back.
    call('2026-10-25T00:10:00Z', ids.key, 'gpt-4o', 1_000_000_000n),
    call('2026-10-25T01:10:00Z', ids.key, 'gpt-4o', 2_000_000_000n),
    call('2026-10-25T23:30:00Z', ids.gone, 'o3', 4_000_000_000n),
    call('2026-10-27T12:00:00Z', ids.key, 'o3', 500_000_000n),
  ];
  apply(prepare(database), {
    holds: calls.map(({ hold }) => holdRow(hold, 'test')),
    settlements: calls.map(({ record }) => recordRow(record)),
  });
  database.close();
});

test('by key and model, dearest first, unless something else is asked for', async () => {
  expect((await told('')).filter((line) => !line.startsWith('─'))).toEqual([
    'Key | Model | Calls | Input tokens | Output tokens | Cost',
    'lost | o3 | 1 | 10 | 5 | $4.00',
    'phone | gpt-4o | 2 | 20 | 10 | $3.00',
    'phone | o3 | 1 | 10 | 5 | $0.50',
    'Total: $7.50',
  ]);
});

test.each([
  ['--by credential', ['main/one | 4 | 40 | 20 | $7.50']],
  [
    '--by team,pool',
    ['(none) | main | 1 | 10 | 5 | $4.00', 'research | main | 3 | 30 | 15 | $3.50'],
  ],
  ['--by endpoint --team research', ['chat.completions | 3 | 30 | 15 | $3.50']],
  [`--by model --key ${ids.gone}`, ['o3 | 1 | 10 | 5 | $4.00']],
  [
    '--by key --model o3 --pool main --credential one',
    ['lost | 1 | 10 | 5 | $4.00', 'phone | 1 | 10 | 5 | $0.50'],
  ],
  ['--by model --from 2026-10-26', ['o3 | 1 | 10 | 5 | $0.50']],
  // Half past midnight in Berlin.
  ['--by model --from 2026-10-26 --zone Europe/Berlin', ['o3 | 2 | 20 | 10 | $4.50']],
  [
    '--by day --from 2026-10-25 --to 2026-10-28 --zone Europe/Berlin',
    [
      '2026-10-25 | 2 | 20 | 10 | $3.00',
      '2026-10-26 | 1 | 10 | 5 | $4.00',
      '2026-10-27 | 1 | 10 | 5 | $0.50',
    ],
  ],
  [
    '--by hour --from 2026-10-25T00:00:00Z --to 2026-10-25T02:00:00Z --zone Europe/Berlin',
    ['2026-10-25 02:00+02:00 | 1 | 10 | 5 | $1.00', '2026-10-25 02:00+01:00 | 1 | 10 | 5 | $2.00'],
  ],
])('%s', async (line, expected) => {
  const lines = await told(line);
  expect(lines.slice(2, -1)).toEqual(expected);
});

test('nothing is said to be nothing', async () => {
  expect(await told('--by day --to 2026-10-01')).toEqual(['Nothing was used.']);
  expect(await told('--by model --endpoint embeddings')).toEqual(['Nothing was used.']);
});

test('everything that nobody knows is named at once', async () => {
  expect(await run('--key 0000 --team nobody --pool nowhere')).toEqual({
    code: 1,
    stdout: '',
    stderr:
      'Key not found: 0000\nThere is no team called nobody.\nThere is no pool called nowhere.\n',
  });
  expect(
    (await run('--by what --zone Mars')).stderr.match(/^ {2}- --(?:by|zone): /gm),
  ).toHaveLength(2);
});
