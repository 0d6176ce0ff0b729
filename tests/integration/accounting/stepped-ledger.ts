import type { Database } from 'better-sqlite3';
import { apply, prepare } from '../../../src/accounting/ledger/apply.ts';
import type { Statements } from '../../../src/accounting/ledger/apply.ts';
import { holdRow, recordRow } from '../../../src/accounting/ledger/rows.ts';
import type { Batch, Cell } from '../../../src/accounting/ledger/rows.ts';
import type { CallRecord, HoldDraft } from '../../../src/entities/call-record.ts';
import { GatewayError } from '../../../src/errors/gateway-error.ts';

const storeFails = () => new GatewayError('storage_unavailable', 'The store fails.');

/** What a commit is made of, and whom to tell. */
export interface Group {
  holds: { draft: HoldDraft; resolve(): void; reject(error: GatewayError): void }[];
  records: CallRecord[];
}

/** A ledger that commits to the real tables when it is told to, or does not. */
export class SteppedLedger {
  #queue: Group = { holds: [], records: [] };
  #isFailing = false;
  readonly #database: Database;
  readonly #statements: Statements;

  constructor(database: Database) {
    this.#database = database;
    this.#statements = prepare(database);
  }

  hold(draft: HoldDraft): Promise<void> {
    if (this.#isFailing) throw storeFails();
    return new Promise((resolve, reject) => this.#queue.holds.push({ draft, resolve, reject }));
  }

  settle(record: CallRecord): void {
    this.#queue.records.push(record);
  }

  get unconfirmed(): Cell[][] {
    return this.#queue.records.map(recordRow);
  }

  /** All that waits is written, in one transaction; nobody is told yet. */
  write(): Group {
    const group = this.#queue;
    this.#queue = { holds: [], records: [] };
    this.#database.transaction(() => apply(this.#statements, batchOf(group))).immediate();
    return group;
  }

  /** Written and told. */
  commit(): Group {
    const group = this.write();
    this.#isFailing = false;
    for (const { resolve } of group.holds) resolve();
    return group;
  }

  /** The transaction is rolled back: holds are refused, settlements are kept for the next one. */
  fail(): void {
    const { holds, records } = this.#queue;
    this.#queue = { holds: [], records };
    this.#isFailing = true;
    for (const { reject } of holds) reject(storeFails());
  }
}

export const batchOf = ({ holds, records }: Group): Batch => ({
  holds: holds.map(({ draft }) => holdRow(draft, 'a-process')),
  settlements: records.map(recordRow),
});
