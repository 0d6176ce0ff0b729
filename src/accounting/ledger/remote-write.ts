import type { Database, Statement } from 'better-sqlite3';
import { EVENT_COLUMNS, HOLD_COLUMNS, REMOTE_COLUMNS } from './rows.ts';
import type { Cell, RemoteEnd } from './rows.ts';

/** The name of a call that another call had before. */
export interface Taken {
  id: string;
  /** The request id of the other. */
  by: string;
}

/** The statements that move rows of other services' calls, prepared once for each connection. */
export interface RemoteStatements {
  claim: Statement<Cell[]>;
  claimed: Statement<Cell[], string>;
  until: Statement<Cell[]>;
  end: Statement<Cell[]>;
  event: Statement<Cell[]>;
}

const insertInto = (table: string, columns: readonly string[]): string =>
  `insert into ${table} (${columns.join(', ')}) values (${columns.map(() => '?').join(', ')})`;

export function prepareRemote(database: Database): RemoteStatements {
  return {
    claim: database.prepare(`${insertInto('remote_calls', REMOTE_COLUMNS)} on conflict do nothing`),
    claimed: database
      .prepare<Cell[], string>(
        'select id from remote_calls where key_id = ? and idempotency_id = ?',
      )
      .pluck(),
    until: database.prepare('update remote_calls set expires_at_ms = ? where id = ?'),
    end: database.prepare(
      `update remote_calls set settle_fingerprint = ?, is_priced = ?
       where id = ? and settle_fingerprint is null`,
    ),
    event: database.prepare(insertInto('events', EVENT_COLUMNS)),
  };
}

const at = {
  keyId: REMOTE_COLUMNS.indexOf('key_id'),
  idempotencyId: REMOTE_COLUMNS.indexOf('idempotency_id'),
  holdUntilMs: HOLD_COLUMNS.indexOf('expires_at_ms'),
};

/**
 * Null once the name is the call's; else the id of the call whose it is.
 * @throws RangeError where the request id itself is another's
 */
export function claim({ claim: insert, claimed }: RemoteStatements, row: Cell[]): string | null {
  if (insert.run(...row).changes > 0) return null;
  const by = claimed.get(row[at.keyId] ?? '', row[at.idempotencyId] ?? '');
  if (by === undefined) throw new RangeError('another call has this id');
  return by;
}

/** A hold that lasts longer now: its call says so as well, as it is asked for after the hold is gone. */
export function prolong({ until }: RemoteStatements, id: string, hold: Cell[]): void {
  until.run(hold[at.holdUntilMs] ?? 0, id);
}

/** @throws RangeError for a call that is not there, or that its service has ended */
export function end(statements: RemoteStatements, id: string, how: RemoteEnd): void {
  const { changes } = statements.end.run(how.fingerprint, how.isPriced ? 1 : 0, id);
  if (changes === 0) throw new RangeError('not a call that could be ended');
}
