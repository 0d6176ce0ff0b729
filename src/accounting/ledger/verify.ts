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
 * Proves the books from their rows, in one read snapshot: roll-ups equal the sum of the records, no
 * hold outlives its settlement, no amount is negative, and (unless `isServing`) no hold is open.
 */
export function verifyLedger(database: Database, isServing: boolean): Verification {
  const inSnapshot = database.transaction((): Verification => {
    const totals = database
      .prepare<[], { records: number; cost: string }>(
        `select count(*) as records, cast(coalesce(sum(cost_nano), 0) as text) as cost from usage_records`,
      )
      .get() ?? { records: 0, cost: '0' };
    const openHolds = count(database, 'select count(*) as n from holds');
    const findings = [...rollupFindings(database), ...rowFindings(database)];
    if (!isServing && openHolds > 0) {
      findings.push(
        `${openHolds} holds are open although no server runs: the next start resolves them`,
      );
    }
    return { records: totals.records, costNano: BigInt(totals.cost), openHolds, findings };
  });
  return inSnapshot.deferred();
}

const count = (database: Database, sql: string): number =>
  database.prepare<[], { n: number }>(sql).get()?.n ?? 0;

/** Sums of the records and the roll-ups, set against each other group by group, both ways round. */
function rollupFindings(database: Database): string[] {
  const group = 'hour_ms, key_id, model, credential_id';
  const summed = SUMS.map((name) => `sum(${name}) as ${name}`).join(', ');
  const fromRecords = `select started_at_ms - started_at_ms % 3600000 as hour_ms, key_id, model,
    credential_id, count(*) as calls, ${summed} from usage_records group by 1, 2, 3, 4`;
  const fromRollups = `select ${group}, calls, ${SUMS.join(', ')} from usage_rollups`;
  const differing = (left: string, right: string, what: string) =>
    database
      .prepare<[], { hour_ms: number; key_id: string; model: string; credential_id: string }>(
        `select * from (${left} except ${right}) limit ${FINDINGS_MAX}`,
      )
      .all()
      .map(
        (row) =>
          `${what}: hour ${new Date(row.hour_ms).toISOString()}, key ${row.key_id}, ` +
          `model ${row.model || '(none)'}, credential ${row.credential_id || '(none)'}`,
      );
  return [
    ...differing(fromRecords, fromRollups, 'records without an equal roll-up'),
    ...differing(fromRollups, fromRecords, 'a roll-up that its records do not sum to'),
  ];
}

function rowFindings(database: Database): string[] {
  const negative = SUMS.map((name) => `${name} < 0`).join(' or ');
  const checks: [string, string][] = [
    [
      'holds that were settled already',
      'select count(*) as n from holds join usage_records using (id)',
    ],
    ['records with a negative amount', `select count(*) as n from usage_records where ${negative}`],
    ['holds with a negative amount', 'select count(*) as n from holds where amount_nano < 0'],
    [
      'voided records that were charged',
      `select count(*) as n from usage_records where outcome = 'voided' and cost_nano <> 0`,
    ],
  ];
  return checks.flatMap(([what, sql]) => {
    const found = count(database, sql);
    return found === 0 ? [] : [`${found} ${what}`];
  });
}
