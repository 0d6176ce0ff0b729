import type { Database } from 'better-sqlite3';
import { USAGE_COLUMNS } from './rows.ts';

export interface Verification {
  records: number;
  costNano: bigint;
  openHolds: number;
  /** Empty when the books balance; each line says what does not. */
  findings: string[];
}

const SUMS = ['cost_nano', ...USAGE_COLUMNS];
const FINDINGS_MAX = 20;

/**
 * Proves the books from their rows, in one read snapshot: the file is sound, roll-ups equal the sum
 * of the records, no hold outlives its settlement, no amount is impossible, and (unless `isServing`)
 * no hold is open.
 */
export function verifyLedger(database: Database, isServing: boolean): Verification {
  const inSnapshot = database.transaction((): Verification => {
    const records = count(database, 'select count(*) as n from usage_records');
    const openHolds = count(database, 'select count(*) as n from holds');
    const findings = [...fileFindings(database), ...rowFindings(database)];
    let costNano = 0n;
    try {
      costNano = totalCost(database);
      findings.push(...rollupFindings(database), ...spendFindings(database));
    } catch (error) {
      // SQLite refuses sums beyond 64 bits; only amounts that are found above can make one.
      if ((error as { message?: unknown }).message !== 'integer overflow') throw error;
      findings.push('amounts that cannot be summed');
    }
    if (!isServing && openHolds > 0) {
      findings.push(
        `${openHolds} holds are open although no server runs: the next start resolves them`,
      );
    }
    return { records, costNano, openHolds, findings };
  });
  return inSnapshot.deferred();
}

const count = (database: Database, sql: string): number =>
  database.prepare<[], { n: number }>(sql).get()?.n ?? 0;

/** As text: what SQLite's driver hands over as a number is exact only up to 2^53. */
const totalCost = (database: Database): bigint =>
  BigInt(
    database
      .prepare<[], { cost: string }>(
        `select cast(coalesce(sum(cost_nano), 0) as text) as cost from usage_records
         where typeof(cost_nano) = 'integer'`,
      )
      .get()?.cost ?? 0,
  );

/** Damage to the file itself: lost pages, rows an index does not know. */
function fileFindings(database: Database): string[] {
  const lines = database.pragma(`integrity_check(${FINDINGS_MAX})`) as {
    integrity_check: string;
  }[];
  return lines
    .map((line) => line.integrity_check)
    .filter((line) => line !== 'ok')
    .map((line) => `the file is damaged: ${line}`);
}

interface Group {
  hour_ms: unknown;
  key_id: string;
  model: string;
  credential_id: string;
}

/** Sums of the records and the roll-ups, set against each other group by group, both ways round. */
function rollupFindings(database: Database): string[] {
  const group = 'hour_ms, key_id, model, credential_id';
  const summed = SUMS.map((name) => `sum(${name}) as ${name}`).join(', ');
  const fromRecords = `select started_at_ms - started_at_ms % 3600000 as hour_ms, key_id, model,
    credential_id, count(*) as calls, ${summed} from usage_records group by 1, 2, 3, 4`;
  const fromRollups = `select ${group}, calls, ${SUMS.join(', ')} from usage_rollups`;
  const differing = (left: string, right: string, what: string) =>
    database
      .prepare<[], Group>(`select * from (${left} except ${right}) limit ${FINDINGS_MAX}`)
      .all()
      .map(
        (row) =>
          `${what}: hour ${hourText(row.hour_ms)}, key ${row.key_id}, ` +
          `model ${row.model || '(none)'}, credential ${row.credential_id || '(none)'}`,
      );
  return [
    ...differing(fromRecords, fromRollups, 'records without an equal roll-up'),
    ...differing(fromRollups, fromRecords, 'a roll-up that its records do not sum to'),
  ];
}

const SUBJECTS = [
  ['key', 'key_id'],
  ['team', 'team_id'],
  ['user', 'user_id'],
  ['pool', 'pool_id'],
] as const;

/** What budgets are judged by, set against the records both ways round. */
function spendFindings(database: Database): string[] {
  const fromRecords = SUBJECTS.map(
    ([scope, column]) => `select '${scope}' as scope, ${column} as subject_id,
      started_at_ms - started_at_ms % 900000 as quarter_ms, count(*) as calls,
      sum(cost_nano) as cost_nano from usage_records where ${column} <> '' group by 2, 3`,
  ).join(' union all ');
  const fromRollups = 'select scope, subject_id, quarter_ms, calls, cost_nano from spend_rollups';
  const differing = (left: string, right: string, what: string) =>
    database
      .prepare<[], { scope: string; subject_id: string; quarter_ms: unknown }>(
        `select * from (select * from (${left}) except select * from (${right})) limit ${FINDINGS_MAX}`,
      )
      .all()
      .map((row) => `${what}: ${row.scope} ${row.subject_id}, quarter ${hourText(row.quarter_ms)}`);
  return [
    ...differing(fromRecords, fromRollups, 'records that a spend roll-up lacks'),
    ...differing(fromRollups, fromRecords, 'a spend roll-up that its records do not sum to'),
  ];
}

/** A damaged time may be none: it must not keep the finding from being told. */
function hourText(hourMs: unknown): string {
  const hour = new Date(Number(hourMs));
  return Number.isNaN(hour.getTime()) ? String(hourMs) : hour.toISOString();
}

const isImpossible = (names: readonly string[]): string =>
  names.map((name) => `typeof(${name}) <> 'integer' or ${name} < 0`).join(' or ');

function rowFindings(database: Database): string[] {
  const recordAmounts = isImpossible([...SUMS, 'hold_nano']);
  const rollupAmounts = isImpossible([...SUMS, 'calls']);
  const checks: [string, string][] = [
    [
      'holds that were settled already',
      'select count(*) as n from holds join usage_records using (id)',
    ],
    [
      'records with a negative or impossible amount',
      `select count(*) as n from usage_records where ${recordAmounts}`,
    ],
    [
      'roll-ups with a negative or impossible amount',
      `select count(*) as n from usage_rollups where ${rollupAmounts}`,
    ],
    [
      'holds with a negative or impossible amount',
      `select count(*) as n from holds where ${isImpossible(['amount_nano'])}`,
    ],
    [
      'voided records that were charged',
      `select count(*) as n from usage_records where outcome = 'voided' and cost_nano <> 0`,
    ],
    [
      'records of lost calls that were not charged at their hold',
      `select count(*) as n from usage_records where outcome = 'unknown' and cost_nano <> hold_nano`,
    ],
    [
      'records without a known outcome',
      `select count(*) as n from usage_records
       where outcome not in ('settled', 'partial', 'voided', 'unknown')`,
    ],
  ];
  return checks.flatMap(([what, sql]) => {
    const found = count(database, sql);
    return found === 0 ? [] : [`${found} ${what}`];
  });
}
