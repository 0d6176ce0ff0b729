import type { CallRecord } from '../../entities/call-record.ts';
import type { ExpiryAction } from '../../entities/remote-call.ts';
import { GatewayError } from '../../errors/gateway-error.ts';
import type { Clock } from '../../lib/clock.ts';
import { newId } from '../../lib/ids.ts';
import type { BudgetBook } from '../budgets/budget-book.ts';
import type { SettledOf } from '../budgets/live-budget.ts';
import type { Ledger } from '../ledger/ledger.ts';
import { recordRow } from '../ledger/rows.ts';
import type { RemoteWrite } from '../ledger/rows.ts';
import { budgetError } from '../refusals.ts';
import { endAgain, noReservation, notOpen, settleCharge } from './ending.ts';
import type { EndAsked, Ended, LateEnd } from './ending.ts';
import type { KnownCalls } from './known-calls.ts';
import { assertSame, nameOf, subjectsOf } from './remote-asked.ts';
import type { RemoteAsked } from './remote-asked.ts';
import { ENDINGS, recordOf } from './remote-record.ts';
import type { RemoteEnding } from './remote-record.ts';
import { Reservation, toldOf } from './reservation.ts';
import type { ReservationTold } from './reservation.ts';
import { expiredRow, heldRow, openingOf } from './reservation-rows.ts';
import { written } from './written.ts';

/** Money that is to be held. */
export interface ReserveAsked extends RemoteAsked {
  readonly expiresInMs: number;
  readonly onExpiry: ExpiryAction;
}

/** How much, and by which price it will be settled; empty where none is known. */
export interface ReserveTerms {
  readonly amountNano: bigint;
  readonly priceId: string;
}

/** What a reservation shall be from now on; null: as it is. */
export interface ExtendAsked {
  readonly amountNano: bigint | null;
  readonly expiresInMs: number | null;
}

export interface ReservationParts {
  clock: Clock;
  ledger: Pick<Ledger, 'enter'>;
  budgets: BudgetBook;
  known: KnownCalls;
  /** A reservation has become a record; should neither wait nor throw. */
  onRecorded(record: CallRecord): void;
}

/** Some hundred megabytes of memory. */
const OPEN_MAX = 100_000;
/** An expiry that the store did not take is tried again. */
const RETRY_MS = 1000;
/** Longer than any is held; a wall clock that is set back may ask for more than timers can. */
const WAIT_MS_MAX = 86_400_000;

/**
 * Money held for calls that other services make, in the same budgets as `/v1`: refusal and hold are one
 * step. What is answered is on disk, and outlives the process; each reservation is resolved once, by its
 * service or by its time.
 */
export class Reservations {
  readonly #parts: ReservationParts;
  readonly #openMax: number;
  readonly #byId = new Map<string, Reservation>();
  readonly #byName = new Map<string, Reservation>();
  #isStopped = false;

  constructor(parts: ReservationParts, openMax = OPEN_MAX) {
    this.#parts = parts;
    this.#openMax = openMax;
  }

  get size(): number {
    return this.#byId.size;
  }

  /** Takes over what a process before this one held, each until its time. Budgets have been loaded. */
  resume(settledOf: SettledOf): void {
    const { budgets, clock, known } = this.#parts;
    for (const call of known.open()) {
      const subjects = subjectsOf(call);
      const hold = {
        id: call.id,
        subjects,
        amountNano: call.heldNano ?? 0n,
        sinceMs: call.createdAtMs,
      };
      const money = budgets.resume(hold, clock.now(), settledOf);
      this.#arm(this.#kept(new Reservation(call, money, call.expiresAtMs)));
    }
  }

  /** None expires any more: this process is about to end, and the next one takes them over. */
  stop(): void {
    this.#isStopped = true;
    for (const { expiry } of this.#byId.values()) expiry?.cancel();
  }

  /**
   * Holds what `terms` says, unless that throws or a budget has no room: who sends again what was
   * answered before gets that answer all the same.
   * @throws GatewayError what `terms` throws; `insufficient_quota`, `overloaded`; `conflict` where the
   * name is another call's
   */
  async reserve(
    asked: ReserveAsked,
    terms: () => ReserveTerms,
  ): Promise<{ reservation: ReservationTold; isRepeat: boolean }> {
    const twin = this.#byName.get(nameOf(asked));
    if (twin !== undefined) {
      assertSame(twin.facts, asked);
      return this.#again(await twin.opened, asked);
    }
    const before = this.#parts.known.idOf(asked);
    if (before !== undefined) return this.#again(before, asked);
    const reservation = this.#held(asked, terms);
    reservation.openAfter(this.#open(reservation));
    const id = await reservation.opened;
    if (id !== reservation.facts.id) return this.#again(id, asked);
    return { reservation: reservation.told, isRepeat: false };
  }

  /**
   * Holds more, or longer; what is less than it is stays as it is.
   * @throws GatewayError `insufficient_quota`, `not_found`, `failed_precondition`
   */
  async extend(id: string, asked: ExtendAsked): Promise<ReservationTold> {
    const reservation = this.#byId.get(id);
    const told = await reservation?.inTurn(async () =>
      reservation.isOver ? undefined : await this.#extend(reservation, asked),
    );
    if (told === undefined) throw notOpen(this.get(id));
    return told;
  }

  /**
   * Ends one, or tells how one that had expired is to be corrected.
   * @throws GatewayError as `endAgain`
   */
  async end(id: string, asked: EndAsked): Promise<Ended | LateEnd> {
    const reservation = this.#byId.get(id);
    const ended = await reservation?.inTurn(async () =>
      reservation.isOver ? undefined : await this.#end(reservation, asked),
    );
    const { known } = this.#parts;
    return ended ?? endAgain(known.byId(id), asked, known);
  }

  /** @throws GatewayError `not_found` */
  get(id: string): ReservationTold {
    const reservation = this.#byId.get(id);
    if (reservation !== undefined) return reservation.told;
    const known = this.#parts.known.byId(id);
    if (known?.kind !== 'reservation') throw noReservation();
    return toldOf(known);
  }

  #again(id: string, asked: ReserveAsked): { reservation: ReservationTold; isRepeat: boolean } {
    const known = this.#byId.get(id)?.facts ?? this.#parts.known.byId(id);
    if (known === undefined) throw new Error(`${id} has a name, and is not known`);
    assertSame(known, asked);
    return { reservation: this.get(id), isRepeat: true };
  }

  /** Refusal and hold in one step, at one time. */
  #held(asked: ReserveAsked, terms: () => ReserveTerms): Reservation {
    const { budgets, clock } = this.#parts;
    const { amountNano, priceId } = terms();
    const createdAtMs = clock.now();
    const subjects = subjectsOf(asked);
    const found = budgets.find(subjects);
    const spent = budgets.refusal(found, amountNano, createdAtMs);
    if (spent !== null) throw budgetError(spent, createdAtMs);
    if (this.#byId.size >= this.#openMax) {
      const text = `${this.#openMax} reservations are open, which is the most there may be.`;
      throw new GatewayError('overloaded', text);
    }
    const facts = { ...asked, priceId, id: newId(), createdAtMs };
    const hold = { id: facts.id, subjects, amountNano, sinceMs: createdAtMs };
    const expiresAtMs = createdAtMs + asked.expiresInMs;
    return this.#kept(new Reservation(facts, budgets.hold(found, hold), expiresAtMs));
  }

  #open(reservation: Reservation): Promise<string | null> {
    const drop = () => {
      reservation.money.release();
      this.#forget(reservation);
    };
    return written(this.#parts.ledger, openingOf(reservation), {
      written: (takenBy) => (takenBy === null ? this.#arm(reservation) : drop()),
      refused: drop,
    });
  }

  async #extend(reservation: Reservation, asked: ExtendAsked): Promise<ReservationTold> {
    const { facts, money } = reservation;
    const nowMs = this.#parts.clock.now();
    const amountNano = most(reservation.amountNano, asked.amountNano ?? 0n);
    const expiresAtMs = Math.max(reservation.expiresAtMs, nowMs + (asked.expiresInMs ?? 0));
    const missingNano = amountNano - reservation.amountNano;
    if (missingNano === 0n && expiresAtMs === reservation.expiresAtMs) return reservation.told;
    const spent = money.extend(missingNano, nowMs);
    if (spent !== null) throw budgetError(spent, nowMs);
    const write = { id: facts.id, hold: heldRow(facts, amountNano, expiresAtMs) };
    await written(this.#parts.ledger, write, {
      written: () => {
        Object.assign(reservation, { amountNano, expiresAtMs });
        this.#arm(reservation);
      },
      refused: () => money.shrink(missingNano),
    });
    return reservation.told;
  }

  async #end(reservation: Reservation, asked: EndAsked): Promise<Ended> {
    const { known } = this.#parts;
    const { facts } = reservation;
    const held = this.#heldSoFar(reservation);
    let ending = ENDINGS.released(held);
    if (asked.kind === 'settle') {
      ending = ENDINGS.settled(settleCharge(asked, facts, known), held);
    }
    const { fingerprint } = asked;
    const { costNano, isPriced } = ending;
    await this.#resolve(reservation, ending, { end: { fingerprint, isPriced } });
    const state = asked.kind === 'settle' ? 'settled' : 'released';
    return { reservation: { ...reservation.told, state, costNano }, isRepeat: false, isPriced };
  }

  /** Nobody has said what became of the call; where it is charged all the same, an event tells it. */
  async #expire(reservation: Reservation): Promise<void> {
    const nowMs = this.#parts.clock.now();
    if (reservation.isOver || this.#isStopped) return;
    if (nowMs < reservation.expiresAtMs) {
      this.#arm(reservation);
      return;
    }
    const ending = ENDINGS.expired(this.#heldSoFar(reservation), reservation.facts.onExpiry);
    const event = ending.costNano > 0n ? { event: expiredRow(reservation, nowMs) } : {};
    try {
      await this.#resolve(reservation, ending, event);
    } catch {
      // What the store refuses is in its log, and the money stays held.
      this.#arm(reservation, RETRY_MS);
    }
  }

  /** The record takes the place of the hold, on disk and then in the budgets. */
  async #resolve(
    reservation: Reservation,
    ending: RemoteEnding,
    more: Pick<RemoteWrite, 'end' | 'event'>,
  ): Promise<void> {
    const { clock, ledger, onRecorded } = this.#parts;
    const { facts, money } = reservation;
    const record = recordOf(facts, ending);
    const write = { id: facts.id, settlement: recordRow(record), ...more };
    await written(ledger, write, {
      written: () => {
        money.settle(record.costNano, clock.now());
        this.#forget(reservation);
        onRecorded(record);
      },
      refused: () => undefined,
    });
  }

  #heldSoFar({ facts, amountNano }: Reservation): { holdNano: bigint; durationMs: number } {
    const durationMs = Math.max(0, this.#parts.clock.now() - facts.createdAtMs);
    return { holdNano: amountNano, durationMs };
  }

  #arm(reservation: Reservation, inMs = reservation.expiresAtMs - this.#parts.clock.now()): void {
    reservation.expiry?.cancel();
    if (this.#isStopped) return;
    // A wall clock that was set forward or back since is looked at when it is time.
    const waitMs = Math.min(Math.max(1, inMs), WAIT_MS_MAX);
    reservation.expiry = this.#parts.clock.after(waitMs, () => {
      void reservation.inTurn(() => this.#expire(reservation));
    });
  }

  #kept(reservation: Reservation): Reservation {
    this.#byId.set(reservation.facts.id, reservation);
    this.#byName.set(nameOf(reservation.facts), reservation);
    return reservation;
  }

  #forget(reservation: Reservation): void {
    reservation.isOver = true;
    reservation.expiry?.cancel();
    this.#byId.delete(reservation.facts.id);
    this.#byName.delete(nameOf(reservation.facts));
  }
}

const most = (left: bigint, right: bigint): bigint => (left > right ? left : right);
