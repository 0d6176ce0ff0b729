import { expect, test } from '@jest/globals';
import {
  HOLD_COLUMNS,
  RECORD_COLUMNS,
  USAGE_COLUMNS,
  holdRow,
  recordColumn,
  recordRow,
} from '../../../../src/accounting/ledger/rows.ts';
import { aHold, aRecord } from '../../../support/ledger-books.ts';

const byColumn = (columns: readonly string[], row: readonly unknown[]) =>
  Object.fromEntries(columns.map((name, index) => [name, row[index]]));

test('a hold has one cell for each column, in its place', () => {
  const hold = aHold({ amountNano: 2n ** 60n + 1n, userId: 'user-1', teamId: 'team-1' });
  const row = holdRow(hold, 'server-1');
  expect(row).toHaveLength(HOLD_COLUMNS.length);
  expect(byColumn(HOLD_COLUMNS, row)).toEqual({
    id: hold.id,
    owner: 'server-1',
    key_id: 'key-1',
    pool_id: 'pool-1',
    user_id: 'user-1',
    team_id: 'team-1',
    endpoint: 'chat.completions',
    model: 'gpt-4o-mini',
    amount_nano: String(2n ** 60n + 1n),
    created_at_ms: 1_767_225_600_000,
    expires_at_ms: 1_767_225_660_000,
  });
});

test('a record has one cell for each column, in its place', () => {
  const record = aRecord(aHold({ userId: 'user-1' }), {
    isStream: true,
    isPriced: false,
    firstByteMs: null,
  });
  const row = recordRow(record);
  expect(row).toHaveLength(RECORD_COLUMNS.length);
  expect(byColumn(RECORD_COLUMNS, row)).toEqual({
    ...Object.fromEntries(USAGE_COLUMNS.map((name) => [name, 0])),
    id: record.id,
    key_id: 'key-1',
    pool_id: 'pool-1',
    user_id: 'user-1',
    team_id: '',
    credential_id: 'credential-1',
    endpoint: 'chat.completions',
    model: 'gpt-4o-mini',
    is_stream: 1,
    started_at_ms: 1_767_225_600_000,
    duration_ms: 12,
    first_byte_ms: null,
    status: 200,
    outcome: 'settled',
    reason: 'ok',
    attempts: '[{"credential":"credential-1","status":200,"verdict":"served","ms":11}]',
    route: null,
    usage_source: 'reported',
    cost_nano: '4500',
    price_id: 'price-1',
    is_priced: 0,
    hold_nano: '5000',
    input: 10,
    output: 5,
  });
  expect(recordColumn('id')).toBe(0);
});
