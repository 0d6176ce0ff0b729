import type { Database } from 'better-sqlite3';
import { ENTRIES, ROLLUPS } from './entries.ts';
import type { Rollup } from './entries.ts';
import { USAGE_COLUMNS } from './rows.ts';
import { OPEN_RESERVATIONS, REMOTE_CHECKS } from './verify-remote.ts';
import type { Check } from './verify-remote.ts';
import { wrongTotals } from './totals.ts';

export interface Verification {
  records: number;
  adjustments: number;
  /** Of records and adjustments. */
  costNano: bigint;
  /** Of adjustments alone. */
  adjustedNano: bigint;
  /** Of calls under way. */
  openHolds: number;
  /** Held for calls that other services make, whether a server runs or not. */
  openReservations: number;
  /** Empty when the books balance; each line says what does not. */
  findings: string[];
}

const SUMS = ['cost_nano', ...USAGE_COLUMNS];
const FINDINGS_MAX = 20;

/**
 * Proves the books from their rows, in one read snapshot: the file is sound, roll-ups equal the sum
 * of records and adjustments, no hold outlives its settlement, no amount is impossible, and (unless
 * `isServing`) no hold is open.
 */
export function verifyLedger(database: Database, isServing: boolean): Verification {
  const inSnapshot = database.transaction((): Verification => {
    const records = count(database, 'select count(*) as n from usage_records');
    const adjustments = count(database, 'select count(*) as n from adjustments');
    const openReservations = count(database, OPEN_RESERVATIONS);
    const openHolds = count(database, 'select count(*) as n from holds') - openReservations;
    const findings = [
      ...fileFindings(database),
      ...findingsOf(database, [...ROW_CHECKS, ...REMOTE_CHECKS]),
    ];
    let costNano = 0n;
    let adjustedNano = 0n;
    try {
      adjustedNano = total(database, 'adjustments', 'delta_nano');
      costNano = total(database, 'usage_records', 'cost_nano') + adjustedNano;
      findings.push(...findingsOf(database, SUM_CHECKS));
      findings.push(...usageFindings(database), ...spendFindings(database));
      findings.push(...totalFindings(database));
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
    const counts = { records, adjustments, openHolds, openReservations };
    return { ...counts, costNano, adjustedNano, findings };
  });
  return inSnapshot.deferred();
}

const count = (database: Database, sql: string): number =>
  database.prepare<[], { n: number }>(sql).get()?.n ?? 0;

/** As text: what SQLite's driver hands over as a number is exact only up to 2^53. */
const total = (database: Database, table: string, column: string): bigint =>
  BigInt(
    database
      .prepare<[], { sum: string }>(
        `select cast(coalesce(sum(${column}), 0) as text) as sum from ${table}
         where typeof(${column}) = 'integer'`,
      )
      .get()?.sum ?? 0,
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

/**
 * Rows that one side has and the other has not: all entries summed, and the roll-up as it is stored,
 * each way round.
 */
function differing<T>(database: Database, { stored, from }: Rollup) {
  const summed = `select * from (${from(ENTRIES)})`;
  const except = (left: string, right: string) =>
    database.prepare<[], T>(`select * from (${left} except ${right}) limit ${FINDINGS_MAX}`).all();
  return { missing: except(summed, stored), surplus: except(stored, summed) };
}

interface UsageGroup {
  quarter_ms: unknown;
  key_id: string;
  model: string;
  credential_id: string;
}

function usageFindings(database: Database): string[] {
  const { missing, surplus } = differing<UsageGroup>(database, ROLLUPS.usage);
  const told = (what: string) => (row: UsageGroup) =>
    `${what}: quarter ${timeText(row.quarter_ms)}, key ${row.key_id}, ` +
    `model ${row.model || '(none)'}, credential ${row.credential_id || '(none)'}`;
  return [
    ...missing.map(told('records without an equal roll-up')),
    ...surplus.map(told('a roll-up that its records do not sum to')),
  ];
}

interface SpendGroup {
  scope: string;
  subject_id: string;
  quarter_ms: unknown;
}

/** What budgets are judged by. */
function spendFindings(database: Database): string[] {
  const { missing, surplus } = differing<SpendGroup>(database, ROLLUPS.spend);
  const told = (what: string) => (row: SpendGroup) =>
    `${what}: ${row.scope} ${row.subject_id}, quarter ${timeText(row.quarter_ms)}`;
  return [
    ...missing.map(told('records that a spend roll-up lacks')),
    ...surplus.map(told('a spend roll-up that its records do not sum to')),
  ];
}

/** What statistics are told from. */
const totalFindings = (database: Database): string[] =>
  wrongTotals(database, FINDINGS_MAX).map(
    ({ family, spanMs, startMs, line }) =>
      `a total that its parts do not sum to: ${spanMs / 3_600_000} h from ${timeText(startMs)}, ` +
      `${family} ${line.map((name) => name || '(none)').join(', ')}`,
  );

/** A damaged time may be none: it must not keep the finding from being told. */
function timeText(atMs: unknown): string {
  const time = new Date(Number(atMs));
  return Number.isNaN(time.getTime()) ? String(atMs) : time.toISOString();
}

const isImpossible = (names: readonly string[]): string =>
  names.map((name) => `typeof(${name}) <> 'integer' or ${name} < 0`).join(' or ');

const ROW_CHECKS: readonly Check[] = [
  [
    'holds that were settled already',
    'select count(*) as n from holds join usage_records using (id)',
  ],
  [
    'records with a negative or impossible amount',
    `select count(*) as n from usage_records where ${isImpossible([...SUMS, 'hold_nano'])}`,
  ],
  [
    'roll-ups with a negative or impossible amount',
    `select count(*) as n from usage_rollups where ${isImpossible(['calls', ...USAGE_COLUMNS])}
       or typeof(cost_nano) <> 'integer' or typeof(adjusted_nano) <> 'integer'`,
  ],
  [
    'spend roll-ups with a negative or impossible amount',
    `select count(*) as n from spend_rollups where ${isImpossible(ROLLUPS.spend.sums)}`,
  ],
  [
    'totals with a negative or impossible amount',
    `select count(*) as n from usage_totals where ${isImpossible([...SUMS, 'calls'])}
       or typeof(adjusted_nano) <> 'integer'`,
  ],
  [
    'totals of a line that is not there',
    'select count(*) as n from usage_totals where line_id not in (select id from usage_lines)',
  ],
  [
    'records beyond the ids of their quarter',
    `select count(*) as n from usage_records r
     left join usage_quarters q on q.quarter_ms = r.started_at_ms - r.started_at_ms % 900000
     where q.first_id is null or r.id < q.first_id or r.id > q.last_id`,
  ],
  [
    'holds with a negative or impossible amount',
    `select count(*) as n from holds where ${isImpossible(['amount_nano'])}`,
  ],
  [
    'adjustments with an impossible amount',
    `select count(*) as n from adjustments where typeof(delta_nano) <> 'integer' or delta_nano = 0`,
  ],
  [
    'adjustments without a known reason',
    `select count(*) as n from adjustments where reason not in ('reprice', 'operator', 'late')`,
  ],
  [
    'adjustments of a call that is not on record',
    `select count(*) as n from adjustments
     where request_id not in (select id from usage_records)`,
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

/** Only where amounts can be summed at all. */
const SUM_CHECKS: readonly Check[] = [
  [
    'records whose adjustments take more than they cost',
    `select count(*) as n from (
       select 1 from adjustments a join usage_records r on r.id = a.request_id
       group by r.id having r.cost_nano + sum(a.delta_nano) < 0)`,
  ],
];

const findingsOf = (database: Database, checks: readonly Check[]): string[] =>
  checks.flatMap(([what, sql]) => {
    const found = count(database, sql);
    return found === 0 ? [] : [`${found} ${what}`];
  });
