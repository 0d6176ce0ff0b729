import Database from 'better-sqlite3';
import { verifyLedger } from '../../src/accounting/ledger/verify.ts';
import type { WitnessEntry } from '../../src/sandbox/index.ts';
import { judge, readLedger, toldCosts } from '../support/oracle.ts';
import type { LedgerRow } from '../support/oracle.ts';
import type { Seen } from './script.ts';
import { databaseFiles } from './strace.ts';

export interface Evidence {
  /** What was on record before the server started. */
  before: readonly LedgerRow[];
  seen: Seen;
  witness: readonly WitnessEntry[];
}

/**
 * What is wrong with the books of a server that died and was started again: a call that the client
 * saw is missing or at another price, something is there twice, or the sums do not agree. Empty when
 * nothing is.
 */
export function complaints(dataDir: string, { before, seen, witness }: Evidence): string[] {
  const { main } = databaseFiles(dataDir);
  const rows = readLedger(main);
  const byId = new Map(rows.map((row) => [row.id, row]));
  const told = toldCosts(witness);
  const isAtPrice = (id: string): boolean => {
    const row = byId.get(id);
    return row?.outcome === 'unknown'
      ? row.costNano === row.holdNano
      : row?.outcome === 'settled' && row.costNano === told.get(id);
  };
  const isKept = (row: LedgerRow) => byId.get(row.id)?.costNano === row.costNano;
  return [
    ...seen.odd.map((text) => `an odd answer: ${text}`),
    ...seen.heads.filter((id) => !byId.has(id)).map((id) => `${id} was answered, and is lost`),
    ...[...seen.whole].filter((id) => !isAtPrice(id)).map((id) => `${id} has another price`),
    ...before.filter((row) => !isKept(row)).map(({ id }) => `${id} was on record, and changed`),
    ...judge(witness, rows).differences,
    ...sums(main, rows),
  ];
}

/** The books by the product's own proof, and what budgets count by, against the rows. */
function sums(file: string, rows: readonly LedgerRow[]): string[] {
  const database = new Database(file, { readonly: true });
  try {
    const one = (sql: string) => database.prepare<[], string>(sql).pluck().get();
    const spent = one(
      `select cast(coalesce(sum(cost_nano), 0) as text) from spend_rollups where scope = 'key'`,
    );
    const cost = rows.reduce((sum, row) => sum + row.costNano, 0n);
    const lost = database
      .prepare<[], string>(
        `select id from usage_records where outcome = 'unknown' and id not in
           (select subject from events where type = 'hold.recovered')`,
      )
      .pluck()
      .all();
    return [
      ...verifyLedger(database, false).findings,
      ...(spent === String(cost) ? [] : [`budgets count ${spent}, records sum to ${cost}`]),
      ...lost.map((id) => `${id} was charged at its hold, and no event says so`),
    ];
  } finally {
    database.close();
  }
}
