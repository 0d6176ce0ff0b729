import { Worker } from 'node:worker_threads';
import type { CallRecord, HoldDraft } from '../../entities/call-record.ts';
import { GatewayError } from '../../errors/gateway-error.ts';
import type { Clock, Timer } from '../../lib/clock.ts';
import type { Logger } from '../../lib/logger.ts';
import { holdRow, recordRow } from './rows.ts';
import type { Cell } from './rows.ts';
import type { WriterReply } from './writer.ts';

/** Commits are at least this far apart under load; a commit after a quiet spell starts at once. */
const GROUP_WINDOW_MS = 2;
/** Settlements nobody waits for may share the commit of holds that follow shortly. */
const SETTLE_DELAY_MS = 5;
const RETRY_MS = 250;
/** Beyond this the store is not keeping up, and new calls are refused rather than queued. */
const QUEUED_HOLDS_MAX = 10_000;

interface Waiting {
  row: Cell[];
  resolve(): void;
  reject(error: GatewayError): void;
}

export interface LedgerParts {
  /** The database file. */
  file: string;
  /** This process's name on its holds. */
  owner: string;
  clock: Clock;
  logger: Logger;
  /** The store can no longer be trusted (I/O error, corruption): the process should end. */
  onFatal(reason: string): void;
}

/**
 * The main thread's side of the ledger. Holds and settlements queue here and are committed in
 * groups by the writer thread. A hold's promise resolves when it is on disk.
 */
export class Ledger {
  readonly #parts: LedgerParts;
  readonly #worker: Worker;
  #holds: Waiting[] = [];
  #settlements: Cell[][] = [];
  #sent: { holds: Waiting[]; settlements: Cell[][] } | null = null;
  #timer: Timer | undefined;
  #dueMs = Number.POSITIVE_INFINITY;
  #committedMs = 0;
  #isHealthy = true;
  #idle: (() => void)[] = [];

  constructor(parts: LedgerParts) {
    this.#parts = parts;
    const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js';
    this.#worker = new Worker(new URL(`./writer.${extension}`, import.meta.url), {
      workerData: { file: parts.file },
    });
    this.#worker.on('message', (reply: WriterReply) => this.#onReply(reply));
    this.#worker.on('error', (error) => this.#onCrash(error));
    this.#worker.unref();
  }

  /** False from a failed commit until the next good one. */
  get isHealthy(): boolean {
    return this.#isHealthy;
  }

  /** Resolves once durable; rejects with `storage_unavailable` when it cannot be made so. */
  hold(draft: HoldDraft): Promise<void> {
    if (this.#holds.length >= QUEUED_HOLDS_MAX) {
      return Promise.reject(
        new GatewayError('overloaded', 'The ledger is not keeping up. Try again shortly.', {
          retryAfterMs: 1000,
        }),
      );
    }
    return new Promise((resolve, reject) => {
      this.#holds.push({ row: holdRow(draft, this.#parts.owner), resolve, reject });
      this.#plan(GROUP_WINDOW_MS - (this.#parts.clock.monotonic() - this.#committedMs));
    });
  }

  /** Never lost: kept and sent again until it is committed. */
  settle(record: CallRecord): void {
    this.#settlements.push(recordRow(record));
    this.#plan(SETTLE_DELAY_MS);
  }

  /** Resolves when everything given so far is committed. */
  flush(): Promise<void> {
    if (this.#isIdle()) return Promise.resolve();
    this.#plan(0);
    return new Promise((resolve) => this.#idle.push(resolve));
  }

  async close(): Promise<void> {
    await this.flush();
    const exited = new Promise<void>((resolve) => this.#worker.once('exit', () => resolve()));
    this.#worker.ref();
    this.#worker.postMessage('close');
    await exited;
  }

  #isIdle(): boolean {
    return this.#sent === null && this.#holds.length === 0 && this.#settlements.length === 0;
  }

  #plan(delayMs: number): void {
    if (this.#sent !== null) return;
    if (delayMs <= 0) {
      this.#send();
      return;
    }
    const dueMs = this.#parts.clock.monotonic() + delayMs;
    if (dueMs >= this.#dueMs) return;
    this.#timer?.cancel();
    this.#dueMs = dueMs;
    this.#timer = this.#parts.clock.after(delayMs, () => this.#send());
  }

  #send(): void {
    if (this.#sent !== null) return;
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#dueMs = Number.POSITIVE_INFINITY;
    this.#sent = { holds: this.#holds, settlements: this.#settlements };
    this.#holds = [];
    this.#settlements = [];
    this.#worker.ref();
    this.#worker.postMessage({
      holds: this.#sent.holds.map((hold) => hold.row),
      settlements: this.#sent.settlements,
    });
  }

  #onReply(reply: WriterReply): void {
    const sent = this.#sent;
    if (sent === null) return;
    this.#sent = null;
    this.#worker.unref();
    this.#committedMs = this.#parts.clock.monotonic();
    this.#isHealthy = reply.isCommitted;
    if (reply.isCommitted) {
      if (reply.repeats > 0)
        this.#parts.logger.warn({ repeats: reply.repeats }, 'repeated settlements');
      for (const hold of sent.holds) hold.resolve();
    } else {
      this.#onFailure(sent, reply.code, reply.message);
    }
    this.#next();
  }

  #next(): void {
    if (this.#isIdle()) {
      for (const resolve of this.#idle.splice(0)) resolve();
    } else if (this.#isHealthy) {
      const isAwaited = this.#holds.length > 0 || this.#idle.length > 0;
      this.#plan(isAwaited ? GROUP_WINDOW_MS : SETTLE_DELAY_MS);
    } else {
      this.#plan(RETRY_MS);
    }
  }

  #onFailure(
    sent: { holds: Waiting[]; settlements: Cell[][] },
    code: string,
    message: string,
  ): void {
    this.#parts.logger.error({ code, reason: message }, 'ledger commit failed');
    this.#settlements = [...sent.settlements, ...this.#settlements];
    for (const hold of sent.holds) hold.reject(unavailable());
    // After a failed write or sync the pages on disk cannot be trusted by this process any more.
    if (/IOERR|CORRUPT|NOTADB/.test(code)) this.#parts.onFatal(`ledger: ${code}`);
  }

  #onCrash(error: unknown): void {
    this.#parts.logger.fatal({ err: error }, 'ledger writer died');
    this.#isHealthy = false;
    for (const hold of [...(this.#sent?.holds ?? []), ...this.#holds]) hold.reject(unavailable());
    this.#holds = [];
    this.#parts.onFatal('ledger: the writer thread died');
  }
}

const unavailable = () =>
  new GatewayError(
    'storage_unavailable',
    'The ledger cannot be written. No call is served without it.',
    {
      retryAfterMs: 1000,
    },
  );
