/**
 * The ledger's own thread: takes batches, commits each in one transaction with
 * `synchronous=FULL`, and says so. Nothing else of the product runs here, so a slow disk never
 * holds up a request that is only passing bytes.
 */
import { parentPort, workerData } from 'node:worker_threads';
import { openSqlite } from '../../lib/sqlite.ts';
import { apply, prepare } from './apply.ts';
import type { Batch } from './rows.ts';

export type WriterReply =
  | { isCommitted: true; repeats: number }
  | { isCommitted: false; code: string; message: string };

const port = parentPort;
if (port === null) throw new Error('the ledger writer runs as a worker thread');

const database = openSqlite((workerData as { file: string }).file);
const statements = prepare(database);
const commit = database.transaction((batch: Batch) => apply(statements, batch));

port.on('message', (batch: Batch | 'close') => {
  if (batch === 'close') {
    database.close();
    port.close();
    return;
  }
  port.postMessage(write(batch));
});

function write(batch: Batch): WriterReply {
  try {
    return { isCommitted: true, repeats: commit.immediate(batch) };
  } catch (error) {
    const { code, message } = error as { code?: string; message?: string };
    return { isCommitted: false, code: code ?? 'UNKNOWN', message: message ?? 'commit failed' };
  }
}
