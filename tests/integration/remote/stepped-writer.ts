import type { Database } from 'better-sqlite3';
import { applyEach, prepare } from '../../../src/accounting/ledger/apply.ts';
import type { Statements } from '../../../src/accounting/ledger/apply.ts';
import {
  batchOf,
  emptyGroup,
  tellRefused,
  tellWritten,
  unconfirmedOf,
} from '../../../src/accounting/ledger/group.ts';
import type { Group, WriteListener } from '../../../src/accounting/ledger/group.ts';
import type { Cell, RemoteWrite } from '../../../src/accounting/ledger/rows.ts';
import { unavailable } from '../../../src/accounting/ledger/unavailable.ts';

/** The ledger for other services' calls, which commits to the real tables when it is told to, or does not. */
export class SteppedWriter {
  #queue: Group = emptyGroup();
  #written: Group = emptyGroup();
  #isFailing = false;
  readonly #database: Database;
  readonly #statements: Statements;

  constructor(database: Database) {
    this.#database = database;
    this.#statements = prepare(database);
  }

  enter(write: RemoteWrite, listener: WriteListener): void {
    if (this.#isFailing) throw unavailable();
    this.#queue.remote.push({ write, listener });
  }

  get unconfirmed(): readonly Cell[][] {
    return [...unconfirmedOf(this.#written), ...unconfirmedOf(this.#queue)];
  }

  get isIdle(): boolean {
    return this.#queue.remote.length === 0 && this.#written.remote.length === 0;
  }

  /** All that waits is written, in one transaction; nobody is told before `told` is called. */
  write(): { told(): void } {
    const group = this.#queue;
    this.#written = group;
    this.#queue = emptyGroup();
    const batch = batchOf(group);
    const applied = this.#database
      .transaction(() => applyEach(this.#database, this.#statements, batch))
      .immediate();
    if (applied.refusedRemote.length > 0) throw new Error(JSON.stringify(applied.refusedRemote));
    return {
      told: () => {
        this.#written = emptyGroup();
        this.#isFailing = false;
        tellWritten(group, applied, unavailable);
      },
    };
  }

  /** The transaction is rolled back. */
  fail(): void {
    const group = this.#queue;
    this.#queue = emptyGroup();
    this.#isFailing = true;
    tellRefused(group, unavailable);
  }
}
