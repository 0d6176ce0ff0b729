import { Worker } from 'node:worker_threads';
import type { CallRecord, HoldDraft } from '../../entities/call-record.ts';
import type { Clock, Timer } from '../../lib/clock.ts';
import type { Logger } from '../../lib/logger.ts';
import type { Applied } from './apply.ts';
import type { LogNotice } from './checkpoints.ts';
import {
  batchOf,
  emptyGroup,
  isEmpty,
  nextOf,
  tellRefused,
  tellWritten,
  unconfirmedOf,
} from './group.ts';
import type { Group, WriteListener } from './group.ts';
import { logOddities } from './log-oddities.ts';
import { holdRow, recordRow } from './rows.ts';
import type { Cell, RemoteWrite } from './rows.ts';
import { isBeyondTrust } from './store-fault.ts';
import { overloaded, unavailable } from './unavailable.ts';
import type { WriterMessage, WriterReply } from './writer.ts';

/** Commits start at least this far apart under load; after a quiet spell one starts at once. */
const GROUP_WINDOW_MS = 2;
/** Settlements nobody waits for may share the commit of holds that follow shortly. */
const SETTLE_DELAY_MS = 5;
/** How often a store that failed is tried again. */
const RETRY_MS = 250;
/** Beyond this the store is not keeping up, and new calls are refused rather than queued. */
const QUEUED_MAX = 10_000;
/** A store that fails this long while closing is given up; its holds are charged at the next start. */
const CLOSE_PATIENCE_MS = 10_000;

export interface LedgerParts {
  /** The database file. */
  file: string;
  /** This process's name on its holds. */
  owner: string;
  clock: Clock;
  logger: Logger;
  /**
   * The store can no longer be trusted (I/O error, corruption), or closed before it had taken all: the
   * process should end, and not as if nothing had happened.
   */
  onFatal(reason: string): void;
  /** How long a commit waits for another writer on the same file. */
  busyTimeoutMs?: number;
}

/**
 * The main thread's side of the ledger. Holds and settlements queue here and are committed in
 * groups by the writer thread. Bounded: holds by a limit, settlements by the holds they replace.
 */
export class Ledger {
  /** This process's name on its holds. */
  readonly owner: string;
  readonly #parts: LedgerParts;
  readonly #worker: Worker;
  readonly #exited: Promise<void>;
  #queue = emptyGroup();
  #sent: Group | null = null;
  #timer: Timer | undefined;
  #dueMs = Number.POSITIVE_INFINITY;
  #sentMs = Number.NEGATIVE_INFINITY;
  #state: 'good' | 'failing' | 'ended' = 'good';
  #isKeepingAlive = true;
  #closing: Promise<void> | undefined;

  constructor(parts: LedgerParts) {
    this.owner = parts.owner;
    this.#parts = parts;
    const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js';
    this.#worker = new Worker(new URL(`./writer.${extension}`, import.meta.url), {
      workerData: { file: parts.file, busyTimeoutMs: parts.busyTimeoutMs },
    });
    this.#exited = new Promise((resolve) => this.#worker.once('exit', () => resolve()));
    this.#worker.on('message', (message: WriterMessage) => {
      if ('level' in message) this.#onNotice(message);
      else this.#onReply(message);
    });
    this.#worker.on('error', (error) => this.#onCrash(error));
    this.#worker.on('messageerror', (error) => this.#onCrash(error));
    this.#keepAlive();
  }

  /** False from a failed commit until the next good one. */
  get isHealthy(): boolean {
    return this.#state === 'good';
  }

  /**
   * Resolves once durable; rejects with `storage_unavailable` when it could not be made so.
   * @throws GatewayError at once, so that no upstream is asked: `storage_unavailable` while the
   * store is failing or closed, `overloaded` when too many holds wait
   */
  hold(draft: HoldDraft): Promise<void> {
    this.#assertTaking(this.#queue.holds.length);
    return new Promise((resolve, reject) => {
      this.#queue.holds.push({ row: holdRow(draft, this.#parts.owner), resolve, reject });
      this.#plan(this.#windowLeftMs());
    });
  }

  /**
   * Writes all of it in one commit, or nothing of it; never sent twice.
   * @throws GatewayError at once, as `hold`
   */
  enter(write: RemoteWrite, listener: WriteListener): void {
    this.#assertTaking(this.#queue.remote.length);
    this.#queue.remote.push({ write, listener });
    this.#plan(this.#windowLeftMs());
  }

  /**
   * Kept and sent again until it is committed. Once the ledger has ended it can only be noted: the
   * hold is still on disk, and the next start charges it.
   */
  settle(record: CallRecord): void {
    if (this.#state === 'ended') {
      this.#parts.logger.error({ requestId: record.id }, 'settlement came after the ledger ended');
      return;
    }
    this.#queue.settlements.push(recordRow(record));
    this.#plan(SETTLE_DELAY_MS);
  }

  /** Settlements that a reader of the file may not see yet, at what budgets have counted of them. */
  get unconfirmed(): readonly Cell[][] {
    const queued = unconfirmedOf(this.#queue);
    return this.#sent === null ? queued : [...unconfirmedOf(this.#sent), ...queued];
  }

  /** Resolves when everything given before is committed, or the ledger has ended. */
  flush(): Promise<void> {
    if (this.#isIdle() || this.#state === 'ended') return Promise.resolve();
    return new Promise((resolve) => {
      const group = this.#sent !== null && isEmpty(this.#queue) ? this.#sent : this.#queue;
      group.flushes.push(resolve);
      this.#plan(0);
    });
  }

  /** Takes no more holds, writes what is left, ends the writer. Gives a failing store up in time. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    const patience = Promise.withResolvers<void>();
    const timer = this.#parts.clock.after(CLOSE_PATIENCE_MS, () => patience.resolve());
    await Promise.race([this.#emptied(), patience.promise]);
    timer.cancel();
    const isWhole = this.#isIdle();
    this.#end();
    if (!isWhole) this.#parts.onFatal('ledger: closed before all was written');
    this.#worker.ref();
    this.#worker.postMessage('close');
    await this.#exited;
  }

  #assertTaking(queued: number): void {
    if (this.#state !== 'good' || this.#closing !== undefined) throw unavailable();
    if (queued >= QUEUED_MAX) throw overloaded();
  }

  /** Settlements of the last calls may still arrive while those before them are written. */
  async #emptied(): Promise<void> {
    while (!this.#isIdle() && this.#state !== 'ended') await this.flush();
  }

  /** A probe of a failing store is nothing to wait for. */
  #isIdle(): boolean {
    return isEmpty(this.#queue) && (this.#sent === null || isEmpty(this.#sent));
  }

  #windowLeftMs(): number {
    return GROUP_WINDOW_MS - (this.#parts.clock.monotonic() - this.#sentMs);
  }

  /** The process may end by itself only while nothing is unwritten: timers alone do not stop it. */
  #keepAlive(): void {
    const isNeeded = !this.#isIdle();
    if (isNeeded === this.#isKeepingAlive) return;
    this.#isKeepingAlive = isNeeded;
    if (isNeeded) this.#worker.ref();
    else this.#worker.unref();
  }

  #plan(delayMs: number): void {
    if (this.#state === 'ended') return;
    this.#keepAlive();
    if (this.#sent !== null) return;
    const { clock } = this.#parts;
    const nowMs = clock.monotonic();
    const waitMs = this.#state === 'failing' ? RETRY_MS - (nowMs - this.#sentMs) : delayMs;
    if (waitMs <= 0) {
      this.#send();
      return;
    }
    if (nowMs + waitMs >= this.#dueMs) return;
    this.#timer?.cancel();
    this.#dueMs = nowMs + waitMs;
    this.#timer = clock.after(waitMs, () => this.#send());
  }

  #send(): void {
    this.#stopTimer();
    const { group, rest } = nextOf(this.#queue);
    this.#sent = group;
    this.#queue = rest;
    this.#sentMs = this.#parts.clock.monotonic();
    this.#worker.postMessage(JSON.stringify(batchOf(group)));
    this.#keepAlive();
  }

  #stopTimer(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#dueMs = Number.POSITIVE_INFINITY;
  }

  #onReply(reply: WriterReply): void {
    const group = this.#sent;
    if (group === null) return;
    this.#sent = null;
    if (reply.isCommitted) this.#onCommitted(group, reply.applied);
    else this.#onFailed(group, reply);
    this.#next();
    this.#keepAlive();
  }

  #next(): void {
    // A store that failed is tried until it is back, also when nothing waits for it.
    const { holds, settlements, remote, flushes } = this.#queue;
    if (this.#state === 'failing') this.#plan(RETRY_MS);
    else if (holds.length > 0 || remote.length > 0 || flushes.length > 0)
      this.#plan(this.#windowLeftMs());
    else if (settlements.length > 0) this.#plan(SETTLE_DELAY_MS);
  }

  #onCommitted(group: Group, applied: Applied): void {
    const { logger } = this.#parts;
    if (this.#state === 'failing') logger.info('the ledger is written again');
    this.#state = 'good';
    logOddities(logger, applied);
    tellWritten(group, applied, unavailable);
  }

  #onFailed(group: Group, { code, message }: { code: string; message: string }): void {
    this.#parts.logger.error({ code, reason: message }, 'ledger commit failed');
    this.#state = 'failing';
    this.#queue.settlements = [...group.settlements, ...this.#queue.settlements];
    this.#queue.flushes = [...group.flushes, ...this.#queue.flushes];
    // What was queued meanwhile has met the same store: its clients wait no longer than the others.
    const queued = { holds: this.#queue.holds.splice(0), remote: this.#queue.remote.splice(0) };
    for (const one of [group, queued]) tellRefused(one, () => unavailable(message));
    if (isBeyondTrust(code)) this.#giveUp(code);
  }

  #onNotice({ level, text, ...facts }: LogNotice): void {
    this.#parts.logger[level](facts, text);
    const { code } = facts;
    if (code !== undefined && isBeyondTrust(code) && this.#state !== 'ended') this.#giveUp(code);
  }

  #giveUp(code: string): void {
    this.#end();
    this.#parts.onFatal(`ledger: ${code}`);
  }

  #onCrash(error: unknown): void {
    if (this.#state === 'ended') return;
    this.#parts.logger.fatal({ err: error }, 'ledger writer died');
    this.#end();
    this.#parts.onFatal('ledger: the writer thread died');
  }

  /** Nothing is written from here on; what is unwritten has its hold on disk. */
  #end(): void {
    const unwritten = this.#queue.settlements.length + (this.#sent?.settlements.length ?? 0);
    if (unwritten > 0) {
      const text = 'settlements not written: the next start charges their holds';
      this.#parts.logger.error({ unwritten }, text);
    }
    this.#state = 'ended';
    this.#stopTimer();
    const groups = this.#sent === null ? [this.#queue] : [this.#sent, this.#queue];
    this.#sent = null;
    this.#queue = emptyGroup();
    for (const group of groups) {
      tellRefused(group, unavailable);
      for (const resolve of group.flushes) resolve();
    }
    this.#keepAlive();
  }
}
