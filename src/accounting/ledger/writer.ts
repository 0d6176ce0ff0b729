/**
 * The ledger's own thread: takes batches, commits each in one transaction with
 * `synchronous=FULL`, and says so. Nothing else of the product runs here, so a slow disk
 * does not hold up calls that only pass bytes.
 */
import { parentPort, workerData } from 'node:worker_threads';
import { openSqlite } from '../../lib/sqlite.ts';
import { apply, applyEach, isFaultOfRow, prepare } from './apply.ts';
import type { Applied } from './apply.ts';
import { Checkpoints } from './checkpoints.ts';
import type { LogNotice } from './checkpoints.ts';
import { holdRow } from './rows.ts';
import type { Batch } from './rows.ts';

export type WriterReply =
  | { isCommitted: true; applied: Applied }
  | { isCommitted: false; code: string; message: string };

/** What the writer says: one reply to each batch, and now and then a word about the log. */
export type WriterMessage = WriterReply | LogNotice;

/** A hold that is written and taken back, to see whether the store takes writes. */
const PROBE = holdRow(
  {
    id: 'probe',
    keyId: '',
    poolId: '',
    userId: '',
    teamId: '',
    endpoint: '',
    model: '',
    amountNano: 0n,
    createdAtMs: 0,
    expiresAtMs: 0,
  },
  'probe',
);

const port = parentPort;
if (port === null) throw new Error('the ledger writer runs as a worker thread');

const { file, busyTimeoutMs } = workerData as { file: string; busyTimeoutMs?: number };
const database = openSqlite(file);
if (busyTimeoutMs !== undefined) database.pragma(`busy_timeout = ${busyTimeoutMs}`);
const checkpoints = new Checkpoints(database);
const statements = prepare(database);
const commit = database.transaction((batch: Batch) => {
  if (batch.holds.length === 0 && batch.settlements.length === 0 && batch.remote === undefined) {
    statements.hold.run(...PROBE);
    statements.release.run('probe');
  }
  return apply(statements, batch);
});
const commitEach = database.transaction((batch: Batch) => applyEach(database, statements, batch));

port.on('message', (text: string) => {
  if (text === 'close') {
    database.close();
    port.close();
    return;
  }
  tell(write(JSON.parse(text) as Batch));
  // Nobody waits for it any more.
  const notice = checkpoints.afterCommit();
  if (notice !== null) tell(notice);
});

function tell(message: WriterMessage): void {
  port?.postMessage(message);
}

function write(batch: Batch): WriterReply {
  try {
    return { isCommitted: true, applied: commit.immediate(batch) };
  } catch (error) {
    return isFaultOfRow(error) ? writeEach(batch) : failure(error);
  }
}

function writeEach(batch: Batch): WriterReply {
  try {
    return { isCommitted: true, applied: commitEach.immediate(batch) };
  } catch (error) {
    return failure(error);
  }
}

function failure(error: unknown): WriterReply {
  const { code, message } = error as { code?: string; message?: string };
  return { isCommitted: false, code: code ?? 'UNKNOWN', message: message ?? 'commit failed' };
}
