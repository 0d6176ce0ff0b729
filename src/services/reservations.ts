import type { BudgetBook } from '../accounting/budgets/budget-book.ts';
import { chargeOf, priceAt } from '../accounting/remote/charge.ts';
import type { RemotePrices } from '../accounting/remote/charge.ts';
import { RELEASE } from '../accounting/remote/ending.ts';
import type { EndAsked, Ended, LateEnd } from '../accounting/remote/ending.ts';
import { endLate } from '../accounting/remote/late.ts';
import { fingerprintOf } from '../accounting/remote/remote-asked.ts';
import type { ReservationTold } from '../accounting/remote/reservation.ts';
import type { Reservations, ReserveTerms } from '../accounting/remote/reservations.ts';
import { noUsage } from '../entities/usage.ts';
import { GatewayError } from '../errors/gateway-error.ts';
import { usdFromNano } from '../lib/money.ts';
import type { Actor } from './actor.ts';
import type { IndexedKey, KeyIndex } from './key-index.ts';
import { activeKeyOf, keyOf } from './key-ref.ts';
import { moneyLeft } from './money-left.ts';
import type { MoneyLeft } from './money-left.ts';
import { change, validated } from './operation.ts';
import type { ServiceParts } from './operation.ts';
import { permit, permitChange } from './policy.ts';
import {
  EXTERNAL,
  extendInput,
  reservationInput,
  reserveInput,
  settleInput,
} from './remote-input.ts';
import type { ExtendInput, ReservationInput, ReserveInput, SettleInput } from './remote-input.ts';
import type { z } from 'zod';

export interface ReservationServiceParts extends ServiceParts {
  keys: KeyIndex;
  budgets: BudgetBook;
  prices: RemotePrices;
  reservations: Reservations;
}

/** A reservation after what was asked of it, and what is left. */
export interface ReservationAnswer extends MoneyLeft {
  readonly reservation: ReservationTold;
  /** It was so before: nothing was changed. */
  readonly isRepeat: boolean;
}

/** The same of one that was ended. */
export interface ReservationEnded extends ReservationAnswer {
  /** Whether there was a price for all of it. */
  readonly isPriced: boolean;
  /** What it cost beyond what was held, nano-USD. */
  readonly overrunNano: bigint;
}

type Wanted = z.output<typeof reserveInput>;

/** Money held for calls that other services are about to make, and what becomes of it. */
export class ReservationService {
  readonly #parts: ReservationServiceParts;
  /** Those that are being ended late, each until it is done. */
  readonly #late = new Map<string, Promise<void>>();

  constructor(parts: ReservationServiceParts) {
    this.#parts = parts;
  }

  /**
   * Holds money in all budgets that apply, or in none. On disk when this resolves.
   * @throws GatewayError `insufficient_quota` where a budget has no room; `not_found`,
   * `failed_precondition` and `permission_denied` for the key; `model_not_priced` for an estimate
   */
  async reserve(actor: Actor, input: ReserveInput): Promise<ReservationAnswer> {
    permitChange(actor, 'reserve');
    const wanted = validated(reserveInput, input);
    const { reservations, keys } = this.#parts;
    const key = keyOf(keys, wanted.key);
    const { id: keyId, poolId, userId, teamId } = key;
    const { provider, model, endpoint, expires_in: expiresInMs, on_expiry: onExpiry } = wanted;
    const { idempotency_id: idempotencyId, amount_nano_usd: amountNano = null } = wanted;
    const { estimate = null } = wanted;
    const content = { provider, model, endpoint, expiresInMs, onExpiry };
    const fingerprint = fingerprintOf('reservation', content, amountNano, estimate);
    const payer = { keyId, poolId, userId, teamId };
    const asked = { ...content, ...payer, idempotencyId, fingerprint, actor: actor.name };
    return this.#answer(await reservations.reserve(asked, () => this.#terms(key, wanted)));
  }

  /** Holds more, or longer: both are told as what they shall be, so that it may be sent again. */
  async extend(actor: Actor, input: ExtendInput): Promise<ReservationAnswer> {
    permitChange(actor, 'extendReservation');
    const wanted = validated(extendInput, input);
    const { amount_nano_usd: amountNano = null, expires_in: expiresInMs = null } = wanted;
    const asked = { amountNano, expiresInMs };
    const reservation = await this.#parts.reservations.extend(wanted.reservation_id, asked);
    return this.#answer({ reservation, isRepeat: false });
  }

  /** What the call cost takes the place of what was held, also where it had expired. */
  async settle(actor: Actor, input: SettleInput): Promise<ReservationEnded> {
    permitChange(actor, 'settleReservation');
    const wanted = validated(settleInput, input);
    const { reservation_id: id, usage = noUsage(), cost_nano_usd: costNano = null } = wanted;
    const fingerprint = fingerprintOf('settle', usage, costNano);
    return await this.#end(actor, id, { kind: 'settle', fingerprint, usage, costNano });
  }

  /** The call was not made: all that was held is given back. */
  async release(actor: Actor, input: ReservationInput): Promise<ReservationEnded> {
    permitChange(actor, 'releaseReservation');
    const { reservation_id: id } = validated(reservationInput, input);
    return await this.#end(actor, id, RELEASE);
  }

  get(actor: Actor, input: ReservationInput): ReservationTold {
    permit(actor, 'getReservation');
    return this.#parts.reservations.get(validated(reservationInput, input).reservation_id);
  }

  /** Asked only for one that is new: the same again is answered whatever became of its key. */
  #terms(key: IndexedKey, { key: ref, ...wanted }: Wanted): ReserveTerms {
    const { clock, keys, prices } = this.#parts;
    const nowMs = clock.now();
    activeKeyOf(keys, ref, nowMs);
    assertInScope(key, wanted);
    const price = priceAt(prices, wanted, nowMs);
    const priceId = price?.id ?? '';
    const { amount_nano_usd: amountNano, estimate: usage, endpoint, model } = wanted;
    if (usage === undefined) return { amountNano: amountNano ?? 0n, priceId };
    const charge = chargeOf({ usage, costNano: null, endpoint }, price, 'estimate');
    if (charge.isPriced) return { amountNano: charge.costNano, priceId };
    const text = `What this costs at \`${model}\` is not known: say an amount_nano_usd.`;
    throw new GatewayError('model_not_priced', text, { param: 'model' });
  }

  async #end(actor: Actor, id: string, asked: EndAsked): Promise<ReservationEnded> {
    const { reservations } = this.#parts;
    let ended = await reservations.end(id, asked);
    while (!('reservation' in ended)) ended = await this.#endLate(actor, id, ended);
    const { reservation, isPriced } = ended;
    const overNano = (reservation.costNano ?? 0n) - reservation.amountNano;
    return { ...this.#answer(ended), isPriced, overrunNano: overNano > 0n ? overNano : 0n };
  }

  /**
   * One that had expired: the books are corrected, in the commit that says that it is ended. What that adds
   * is held until budgets have read it there, so that nobody spends it between; sent twice, once.
   */
  async #endLate(actor: Actor, id: string, late: LateEnd): Promise<Ended | LateEnd> {
    const { budgets, clock, reservations } = this.#parts;
    const other = this.#late.get(id);
    if (other !== undefined) {
      await other;
      return await reservations.end(id, late.asked);
    }
    const done = Promise.withResolvers<void>();
    this.#late.set(id, done.promise);
    const { subjects, moreNano: amountNano, createdAtMs: sinceMs } = late;
    const money = budgets.charge({ id, subjects, amountNano, sinceMs }, clock.now());
    try {
      return await this.#correct(actor, id, late);
    } finally {
      money.release();
      this.#late.delete(id);
      done.resolve();
    }
  }

  async #correct(actor: Actor, id: string, late: LateEnd): Promise<Ended | LateEnd> {
    const { clock, reservations } = this.#parts;
    const corrected = await change(this.#parts, actor, async (tx, note) => {
      const facts = { actor: actor.name, note: null, atMs: clock.now() };
      const made = await endLate(tx, late, facts);
      if (made !== null && made.entries > 0) {
        const { entries, deltaNano } = made;
        const after = { reason: 'late', entries, delta: usdFromNano(deltaNano), note: null };
        note({ type: 'ledger.adjusted', subject: id, requestId: id, after });
      }
      return made;
    });
    // Ended by another meanwhile: then it is as that one said.
    if (corrected === null) return await reservations.end(id, late.asked);
    return { reservation: reservations.get(id), isRepeat: false, isPriced: late.isPriced };
  }

  #answer({
    reservation,
    isRepeat,
  }: Pick<ReservationAnswer, 'reservation' | 'isRepeat'>): ReservationAnswer {
    return { reservation, isRepeat, ...moneyLeft(reservation.subjects, this.#parts) };
  }
}

/** @throws GatewayError `permission_denied` for a model or an endpoint that is not among those allowed */
function assertInScope(
  { scope }: IndexedKey,
  { model, endpoint }: Pick<Wanted, 'model' | 'endpoint'>,
): void {
  // Where it is not said, there is nothing to judge.
  if (endpoint !== EXTERNAL && !scope.allowsEndpoint(endpoint))
    throw notAllowed('endpoint', endpoint);
  if (!scope.allowsModel(model)) throw notAllowed('model', model);
}

const notAllowed = (param: 'model' | 'endpoint', name: string): GatewayError =>
  new GatewayError('permission_denied', `This key may not use the ${param} \`${name}\`.`, {
    param,
  });
