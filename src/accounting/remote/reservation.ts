import type { ExpiryAction } from '../../entities/remote-call.ts';
import type { Timer } from '../../lib/clock.ts';
import type { BudgetHold } from '../budgets/budget-hold.ts';
import type { BudgetSubjects } from '../budgets/terms.ts';
import type { KnownCall, KnownRecord } from './known-calls.ts';
import { subjectsOf } from './remote-asked.ts';
import type { RemoteFacts } from './remote-record.ts';

export type ReservationState = 'open' | 'settled' | 'released' | 'expired';

/** A reservation as it is told. Nano-USD. */
export interface ReservationTold {
  readonly id: string;
  readonly idempotencyId: string;
  readonly keyId: string;
  readonly state: ReservationState;
  /** What is or was held. */
  readonly amountNano: bigint;
  /** What was charged, corrections included; null while it is open. */
  readonly costNano: bigint | null;
  readonly expiresAtMs: number;
  readonly subjects: BudgetSubjects;
}

/** What is fixed when money is held. */
export interface ReservationFacts extends RemoteFacts {
  readonly onExpiry: ExpiryAction;
  /** The price that held then; empty where none was known. */
  readonly priceId: string;
}

/** Money that is held for a call of another service. */
export class Reservation {
  readonly facts: ReservationFacts;
  readonly money: BudgetHold;
  /** What is on disk; the book of budgets may be ahead of it while more is being written. */
  amountNano: bigint;
  expiresAtMs: number;
  /** Its money is resolved. */
  isOver = false;
  expiry: Timer | undefined;
  #opened: Promise<string>;
  #last: Promise<unknown>;

  constructor(facts: ReservationFacts, money: BudgetHold, expiresAtMs: number) {
    this.facts = facts;
    this.money = money;
    this.amountNano = money.amountNano;
    this.expiresAtMs = expiresAtMs;
    this.#opened = Promise.resolve(facts.id);
    this.#last = this.#opened;
  }

  /** The id that its name has in the end: another's, where that was first; rejects if it came to nothing. */
  get opened(): Promise<string> {
    return this.#opened;
  }

  /** Whatever is asked of it waits until it is on disk. */
  openAfter(written: Promise<string | null>): void {
    this.#opened = written.then((takenBy) => takenBy ?? this.facts.id);
    this.#last = this.#opened.catch(() => undefined);
  }

  /** After all that was asked of it before: what is done to one is done one after the other. */
  inTurn<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#last.then(work);
    this.#last = done.catch(() => undefined);
    return done;
  }

  get told(): ReservationTold {
    const { id, idempotencyId, keyId } = this.facts;
    return {
      id,
      idempotencyId,
      keyId,
      state: 'open',
      amountNano: this.amountNano,
      costNano: null,
      expiresAtMs: this.expiresAtMs,
      subjects: subjectsOf(this.facts),
    };
  }
}

/** What a reservation that is given back is ended with; what settles one is a hash. */
export const RELEASED = 'released';

/** One that is on disk. */
export const toldOf = (known: KnownCall): ReservationTold => ({
  id: known.id,
  idempotencyId: known.idempotencyId,
  keyId: known.keyId,
  state: stateOf(known),
  amountNano: known.record?.holdNano ?? known.heldNano ?? 0n,
  costNano: known.record === null ? null : costOf(known.record),
  expiresAtMs: known.expiresAtMs,
  subjects: subjectsOf(known),
});

const costOf = ({ costNano, adjustedNano }: KnownRecord): bigint => costNano + adjustedNano;

function stateOf({ record, settleFingerprint }: KnownCall): ReservationState {
  if (record === null) return 'open';
  if (settleFingerprint === null) return 'expired';
  return settleFingerprint === RELEASED ? 'released' : 'settled';
}
