import type { CallRecord } from '../../entities/call-record.ts';
import type { Clock } from '../../lib/clock.ts';
import type { BudgetBook } from '../budgets/budget-book.ts';
import type { SettledSpend } from '../budgets/settled-spend.ts';
import type { Ledger } from '../ledger/ledger.ts';
import type { Limits } from '../limits.ts';
import type { RemotePrices } from './charge.ts';
import { KnownCalls } from './known-calls.ts';
import { Recordings } from './recordings.ts';
import { Reservations } from './reservations.ts';

export interface RemoteCallParts {
  /** The database file. */
  file: string;
  clock: Clock;
  ledger: Pick<Ledger, 'enter'>;
  budgets: BudgetBook;
  limits: Limits;
  prices: RemotePrices;
  /** A call has become a record; should neither wait nor throw. */
  onRecorded(record: CallRecord): void;
}

/** Calls that other services make, on the same budgets and in the same ledger as those of `/v1`. */
export class RemoteCalls {
  readonly recordings: Recordings;
  readonly reservations: Reservations;
  readonly prices: RemotePrices;
  readonly #known: KnownCalls;

  constructor({ file, ...parts }: RemoteCallParts) {
    const known = new KnownCalls(file);
    this.#known = known;
    this.prices = parts.prices;
    this.recordings = new Recordings({ ...parts, known });
    this.reservations = new Reservations({ ...parts, known });
  }

  /** Takes over the reservations of a process before this one. Budgets have been loaded. */
  resume(spend: SettledSpend): void {
    this.reservations.resume(({ scope, subjectId }, period) => spend.of(scope, subjectId, period));
  }

  /** Nothing is asked any more. What is open stays so, for the next process. */
  stop(): void {
    this.reservations.stop();
  }

  /** Once the ledger is closed. */
  close(): void {
    this.#known.close();
  }
}
