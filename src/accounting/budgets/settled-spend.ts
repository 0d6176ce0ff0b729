import type { Database, Statement } from 'better-sqlite3';
import type { BudgetScope } from '../../entities/budget-scope.ts';
import { openSqlite } from '../../lib/sqlite.ts';
import type { Ledger } from '../ledger/ledger.ts';
import { recordColumn } from '../ledger/rows.ts';
import type { Cell } from '../ledger/rows.ts';
import type { Period } from './period.ts';

/** Nano-USD of a dollar. */
const USD = 1_000_000_000n;

const at = { id: recordColumn('id'), startedAtMs: recordColumn('started_at_ms') };
const costAt = recordColumn('cost_nano');
const subjectAt: Record<BudgetScope, number> = {
  key: recordColumn('key_id'),
  team: recordColumn('team_id'),
  user: recordColumn('user_id'),
  pool: recordColumn('pool_id'),
};

/**
 * What a subject has spent up to this very moment: the roll-ups on disk, and the settlements on their
 * way there. It is read without an await, so that no call can be settled in between and be counted
 * twice or not at all.
 */
export class SettledSpend {
  readonly #database: Database;
  readonly #sum: Statement<[string, string, number, number, string], [string, string]>;
  readonly #ledger: Pick<Ledger, 'unconfirmed'>;

  constructor(file: string, ledger: Pick<Ledger, 'unconfirmed'>) {
    this.#database = openSqlite(file);
    this.#ledger = ledger;
    // Dollars and the rest apart: no sum leaves 64 bits. As text: the driver's numbers are exact only up
    // to 2^53.
    const parts = [`cost_nano / ${USD}`, `cost_nano % ${USD}`];
    const [dollars, rest] = parts.map((part) => `cast(coalesce(sum(${part}), 0) as text)`);
    this.#sum = this.#database
      .prepare<[string, string, number, number, string], [string, string]>(
        `select ${dollars}, ${rest} from (
           select cost_nano from spend_rollups
             where scope = ? and subject_id = ? and quarter_ms >= ? and quarter_ms < ?
           union all
           select -cost_nano from usage_records where id in (select value from json_each(?)))`,
      )
      .raw();
  }

  /** Nano-USD of the period. */
  of(scope: BudgetScope, subjectId: string, { startMs, endMs }: Period): bigint {
    const isMeant = (row: Cell[]): boolean => {
      const startedAtMs = Number(row[at.startedAtMs]);
      return row[subjectAt[scope]] === subjectId && startedAtMs >= startMs && startedAtMs < endMs;
    };
    const unconfirmed = this.#ledger.unconfirmed.filter(isMeant);
    // Some may be on disk already, and only the word of it not yet here.
    const ids = JSON.stringify(unconfirmed.map((row) => row[at.id]));
    const end = Math.min(endMs, Number.MAX_SAFE_INTEGER);
    const [dollars, rest] = this.#sum.get(scope, subjectId, startMs, end, ids) ?? [0, 0];
    const confirmed = BigInt(dollars) * USD + BigInt(rest);
    return unconfirmed.reduce((sum, row) => sum + BigInt(row[costAt] ?? 0), confirmed);
  }

  close(): void {
    this.#database.close();
  }
}
