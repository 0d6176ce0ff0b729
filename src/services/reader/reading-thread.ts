/**
 * Where the control plane's statements run: nothing that takes long there holds up a call. Rows are
 * handed over a page at a time, when the other side asks for the next, so that taking them in does not
 * hold it up either.
 */
import { setPriority } from 'node:os';
import { parentPort, workerData } from 'node:worker_threads';
import { ReadConnection } from './read-connection.ts';
import type { Value } from './reader.ts';

export interface ReadingData {
  file: string;
  /** One 32-bit word, 0 until what is under way is to be broken off. */
  stop: SharedArrayBuffer;
}

/** A statement, or the word that the next page is wanted, or nothing any more. */
export type ReadRequest = { sql: string; values: readonly Value[] } | 'more' | 'end';

export type ReadReply = { rows: unknown[]; isLast: boolean } | { code: string; message: string };

/** Taken in within a millisecond. */
const PAGE_ROWS = 500;
/** Where all cores are busy, calls get ten times as much of them. */
const NICENESS = 10;

const port = parentPort;
if (port === null) throw new Error('the reader runs as a worker thread');

stepBack();
const { file, stop } = workerData as ReadingData;
const stopped = new Int32Array(stop);
const connection = new ReadConnection(file, () => Atomics.load(stopped, 0) !== 0);
let rows: unknown[] = [];
let told = 0;

port.on('message', (request: ReadRequest) => {
  if (request === 'end') {
    connection.close();
    port.close();
    return;
  }
  port.postMessage(replyTo(request));
});

function replyTo(request: Exclude<ReadRequest, 'end'>): ReadReply {
  try {
    if (request !== 'more') {
      rows = connection.read(request.sql, request.values);
      told = 0;
    }
  } catch (error) {
    const { code, message } = error as { code?: string; message?: string };
    return { code: code ?? 'UNKNOWN', message: message ?? 'read failed' };
  }
  const page = rows.slice(told, told + PAGE_ROWS);
  told += PAGE_ROWS;
  const isLast = told >= rows.length;
  if (isLast) rows = [];
  return { rows: page, isLast };
}

/** On Linux a thread has a priority of its own; elsewhere it would be that of the whole process. */
function stepBack(): void {
  if (process.platform !== 'linux') return;
  try {
    setPriority(NICENESS);
  } catch {
    // A sandbox that forbids it: then it reads at the same priority.
  }
}
