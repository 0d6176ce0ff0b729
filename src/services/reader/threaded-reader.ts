import { Worker } from 'node:worker_threads';
import { GatewayError } from '../../errors/gateway-error.ts';
import type { Clock, Timer } from '../../lib/clock.ts';
import type { Logger } from '../../lib/logger.ts';
import type { Reader, Value } from './reader.ts';
import type { ReadingData, ReadReply, ReadRequest } from './reading-thread.ts';

/** Statements that may wait for those before them. */
const WAITING_MAX = 100;
/** A statement that takes longer is broken off. */
const LIMIT_MS = 10_000;
/** A thread that is not needed gives its memory back. */
const IDLE_MS = 10 * 60_000;

export interface ReaderParts {
  /** The database file. */
  file: string;
  clock: Clock;
  logger: Logger;
}

interface Job {
  readonly request: ReadRequest;
  readonly rows: unknown[];
  resolve(rows: unknown[]): void;
  reject(error: Error): void;
}

interface Thread {
  readonly worker: Worker;
  readonly exited: Promise<unknown>;
  /**
   * Breaks off what it does, and ends it. `terminate` would not: no thread ends before its statement,
   * and one that is to be terminated runs no JavaScript any more, so nothing breaks off the statement.
   */
  end(): void;
}

/**
 * Reads in a thread of its own, which starts when it is first needed. One statement after the other,
 * so that what waits stays on this side, bounded, and no more than one core is ever taken up.
 */
export class ThreadedReader implements Reader {
  readonly #parts: ReaderParts;
  readonly #waiting: Job[] = [];
  #underWay: Job | undefined;
  #thread: Thread | undefined;
  /** The thread before, as long as it has not ended: there are never two. */
  #ending: Promise<unknown> | undefined;
  #timer: Timer | undefined;
  #isClosed = false;

  constructor(parts: ReaderParts) {
    this.#parts = parts;
  }

  rows<T>(sql: string, values: readonly Value[] = []): Promise<T[]> {
    if (this.#isClosed) return Promise.reject(closed());
    if (this.#waiting.length >= WAITING_MAX) return Promise.reject(overloaded());
    return new Promise<unknown[]>((resolve, reject) => {
      this.#waiting.push({ request: { sql, values }, rows: [], resolve, reject });
      this.#next();
    }) as Promise<T[]>;
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#giveUp(closed());
    this.#rejectWaiting(closed());
    await this.#ending;
    this.#timer?.cancel();
  }

  #next(): void {
    if (this.#underWay !== undefined || this.#ending !== undefined) return;
    this.#timer?.cancel();
    const job = this.#waiting.shift();
    this.#underWay = job;
    if (job === undefined) {
      if (this.#thread === undefined) return;
      this.#thread.worker.unref();
      this.#timer = this.#parts.clock.after(IDLE_MS, () => this.#end());
      return;
    }
    this.#timer = this.#parts.clock.after(LIMIT_MS, () => this.#giveUp(tooLong()));
    this.#thread ??= this.#start();
    this.#thread.worker.ref();
    this.#thread.worker.postMessage(job.request);
  }

  #start(): Thread {
    const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js';
    const stop = new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT);
    const workerData: ReadingData = { file: this.#parts.file, stop };
    const worker = new Worker(new URL(`./reading-thread.${extension}`, import.meta.url), {
      workerData,
    });
    const thread: Thread = {
      worker,
      exited: new Promise((resolve) => worker.once('exit', resolve)),
      end: () => {
        Atomics.store(new Int32Array(stop), 0, 1);
        worker.ref();
        worker.postMessage('end' satisfies ReadRequest);
      },
    };
    const isCurrent = () => this.#thread === thread;
    worker.on('message', (reply: ReadReply) => {
      if (isCurrent()) this.#onReply(reply);
    });
    worker.on('error', (error) => {
      if (isCurrent()) this.#onDeath(error);
    });
    worker.on('exit', (code) => {
      if (isCurrent()) this.#onDeath(new Error(`it ended with ${code}`));
    });
    return thread;
  }

  #onReply(reply: ReadReply): void {
    const job = this.#underWay;
    if (job === undefined) return;
    if ('rows' in reply) {
      job.rows.push(...reply.rows);
      if (!reply.isLast) {
        this.#thread?.worker.postMessage('more' satisfies ReadRequest);
        return;
      }
      job.resolve(job.rows);
    } else {
      job.reject(Object.assign(new Error(reply.message), { code: reply.code }));
    }
    this.#underWay = undefined;
    this.#next();
  }

  #onDeath(cause: unknown): void {
    this.#parts.logger.error({ err: cause }, 'the reader died: the next read starts another');
    this.#giveUp(
      new GatewayError('storage_unavailable', 'Reading broke down. Try again.', {
        retryAfterMs: 1000,
        cause,
      }),
    );
  }

  /** Of what is under way; the thread goes with it, and those that wait are for the next one. */
  #giveUp(error: GatewayError): void {
    this.#underWay?.reject(error);
    this.#underWay = undefined;
    this.#end();
  }

  #end(): void {
    this.#timer?.cancel();
    const thread = this.#thread;
    if (thread === undefined) return;
    this.#thread = undefined;
    thread.end();
    this.#ending = thread.exited.then(() => {
      this.#ending = undefined;
      if (!this.#isClosed) this.#next();
    });
    this.#watchEnd();
  }

  /** A thread that does not end, as on a disk that hangs, keeps nobody waiting for ever. */
  #watchEnd(): void {
    this.#timer = this.#parts.clock.after(LIMIT_MS, () => {
      this.#rejectWaiting(overloaded());
      this.#watchEnd();
    });
  }

  #rejectWaiting(error: GatewayError): void {
    for (const job of this.#waiting.splice(0)) job.reject(error);
  }
}

const closed = () => new GatewayError('draining', 'The gateway is shutting down.');

const overloaded = () =>
  new GatewayError('overloaded', 'Too many reads wait for their turn. Try again shortly.', {
    retryAfterMs: 1000,
  });

const tooLong = () =>
  new GatewayError(
    'request_timeout',
    `This takes more than ${LIMIT_MS / 1000} s to read and was broken off. Ask for less at a time.`,
  );
