import { systemClock, type Clock } from '../lib/clock.ts';
import type { Units } from './units.ts';

export interface ReceivedEntry {
  readonly seq: number;
  readonly kind: 'received';
  readonly callId: number;
  readonly atMs: number;
  /** Name of the credential, null when the key was not known. */
  readonly credential: string | null;
  /** The caller's `x-request-id`. */
  readonly requestId: string | null;
  readonly method: string;
  readonly path: string;
  readonly model: string | null;
  readonly isStream: boolean;
  readonly requestBytes: number;
  /** Number of the connection it came on. */
  readonly connection: number;
  /** Its number among the requests of that connection: 1 on a fresh one. */
  readonly ordinal: number;
}

/**
 * `completed`: the reply was ended in the protocol's way. `aborted`: the client left first.
 * `fault`: the sandbox broke the reply off on purpose.
 */
export type Outcome = 'completed' | 'aborted' | 'fault';

export interface FinishedEntry {
  readonly seq: number;
  readonly kind: 'finished';
  readonly callId: number;
  readonly atMs: number;
  readonly credential: string | null;
  readonly requestId: string | null;
  /** Status of the head that was written; null when none was. */
  readonly status: number | null;
  readonly responseBytes: number;
  /** The usage object as the reply tells it, null when it tells none. */
  readonly usage: object | null;
  /** True once every byte up to and including the usage was handed to the socket. */
  readonly usageDelivered: boolean;
  /** Honest units, told or not. */
  readonly metered: Units | null;
  readonly outcome: Outcome;
  /** The fault in force, as it was asked for, whatever the outcome. */
  readonly fault: string | null;
  readonly costNano: string;
}

export type WitnessEntry = ReceivedEntry | FinishedEntry;
export type NewEntry = Omit<ReceivedEntry, 'seq' | 'atMs'> | Omit<FinishedEntry, 'seq' | 'atMs'>;

const ENTRIES_MAX = 400_000;

/**
 * What really arrived and left, in order, for judges that must not trust the product. Entries are
 * never changed. Only the newest are kept (see `dropped`); `seq` keeps counting. No secrets, no prompts.
 */
export class WitnessLog {
  readonly #clock: Clock;
  readonly #waiters = new Set<(entry: WitnessEntry) => void>();
  #kept: WitnessEntry[] = [];
  #dropped = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get entries(): readonly WitnessEntry[] {
    return this.#kept;
  }

  /** Entries too old to be kept any more; a judge under long load must read before they go. */
  get dropped(): number {
    return this.#dropped;
  }

  append(entry: NewEntry): void {
    const seq = this.#dropped + this.#kept.length + 1;
    const stamped: WitnessEntry = Object.freeze({ seq, atMs: this.#clock.now(), ...entry });
    this.#kept.push(stamped);
    if (this.#kept.length >= ENTRIES_MAX * 1.25) {
      this.#dropped += this.#kept.length - ENTRIES_MAX;
      this.#kept = this.#kept.slice(-ENTRIES_MAX);
    }
    for (const waiter of this.#waiters) waiter(stamped);
  }

  /** Entries with a sequence number above `seq`. */
  after(seq: number): WitnessEntry[] {
    return this.#kept.slice(Math.max(0, seq - this.#dropped));
  }

  /**
   * The first entry, past or future, that satisfies `predicate`. Rejects after `timeoutMs` of real
   * time, also when the sandbox runs on a test clock.
   */
  waitFor<Entry extends WitnessEntry>(
    predicate: (entry: WitnessEntry) => entry is Entry,
    timeoutMs: number,
  ): Promise<Entry>;
  waitFor(predicate: (entry: WitnessEntry) => boolean, timeoutMs: number): Promise<WitnessEntry>;
  waitFor(predicate: (entry: WitnessEntry) => boolean, timeoutMs: number): Promise<WitnessEntry> {
    const past = this.#kept.find(predicate);
    if (past !== undefined) return Promise.resolve(past);
    return new Promise((resolve, reject) => {
      const waiter = (entry: WitnessEntry): void => {
        if (!predicate(entry)) return;
        this.#waiters.delete(waiter);
        timer.cancel();
        resolve(entry);
      };
      const timer = systemClock.after(timeoutMs, () => {
        this.#waiters.delete(waiter);
        reject(new Error(`No such witness entry within ${timeoutMs} ms`));
      });
      this.#waiters.add(waiter);
    });
  }
}
