import type { Usage } from '../../entities/usage.ts';
import { GatewayError } from '../../errors/gateway-error.ts';
import type { BudgetSubjects } from '../budgets/terms.ts';
import { unavailable } from '../ledger/unavailable.ts';
import { chargeOf } from './charge.ts';
import type { Charge } from './charge.ts';
import type { KnownCall, KnownCalls } from './known-calls.ts';
import { RELEASED, toldOf } from './reservation.ts';
import type { ReservationFacts, ReservationTold } from './reservation.ts';

/** A call that money was held for is over. */
export interface SettleAsked {
  readonly kind: 'settle';
  /** Of all that was said of the call. */
  readonly fingerprint: string;
  readonly usage: Usage;
  /** Null: by our prices at the time of the reservation. */
  readonly costNano: bigint | null;
}

/** How a service ends a reservation: its call is over, or was not made. */
export type EndAsked = SettleAsked | { readonly kind: 'release'; readonly fingerprint: string };

export const RELEASE: EndAsked = { kind: 'release', fingerprint: RELEASED };

/** What became of it. */
export interface Ended {
  readonly reservation: ReservationTold;
  /** It had been ended like that before. */
  readonly isRepeat: boolean;
  /** Whether there was a price for all of it. */
  readonly isPriced: boolean;
}

/** Of one that had expired: what the books are to be corrected to. */
export interface LateEnd extends Pick<Charge, 'costNano' | 'priceId' | 'isPriced'> {
  readonly id: string;
  readonly asked: EndAsked;
  readonly subjects: BudgetSubjects;
  readonly createdAtMs: number;
  /** The most that this adds to what it was charged. */
  readonly moreNano: bigint;
}

type KnownPrices = Pick<KnownCalls, 'price'>;

/**
 * What a settlement costs.
 * @throws GatewayError `invalid_request` where nobody could say
 */
export function settleCharge(
  asked: SettleAsked,
  { provider, endpoint, priceId }: Pick<ReservationFacts, 'provider' | 'endpoint' | 'priceId'>,
  prices: KnownPrices,
): Charge {
  if (asked.costNano === null && provider === '') {
    const text = 'must be given: the reservation names no provider to price it by';
    throw new GatewayError('invalid_request', `cost_nano_usd: ${text}`, { param: 'cost_nano_usd' });
  }
  const price = asked.costNano === null ? prices.price(priceId) : undefined;
  return chargeOf({ ...asked, endpoint }, price);
}

/**
 * A reservation that is not open any more: it was ended like that, or it had expired.
 * @throws GatewayError `not_found` where there is none, `conflict` for one that was settled otherwise,
 * `failed_precondition` for one that was given back, or is not to be given back any more
 */
export function endAgain(
  known: KnownCall | undefined,
  asked: EndAsked,
  prices: KnownPrices,
): Ended | LateEnd {
  if (known?.kind !== 'reservation') throw noReservation();
  // Held on disk, and not by this process: it is about to end.
  if (known.record === null) throw unavailable();
  const { id, isPriced, settleFingerprint } = known;
  if (settleFingerprint === asked.fingerprint) {
    return { reservation: toldOf(known), isRepeat: true, isPriced };
  }
  if (settleFingerprint !== null) throw endedOtherwise(settleFingerprint, asked);
  const charge = asked.kind === 'settle' ? settleCharge(asked, known, prices) : NOT_MADE;
  const { costNano, priceId } = charge;
  const reservation = toldOf(known);
  const deltaNano = costNano - (reservation.costNano ?? 0n);
  return {
    id,
    asked,
    costNano,
    priceId,
    isPriced: charge.isPriced,
    subjects: reservation.subjects,
    createdAtMs: known.createdAtMs,
    moreNano: deltaNano > 0n ? deltaNano : 0n,
  };
}

const NOT_MADE = { costNano: 0n, priceId: '', isPriced: true } as const;

export const noReservation = (): GatewayError =>
  new GatewayError('not_found', 'There is no such reservation.', { param: 'reservation_id' });

/** Nothing more can be held for one that is not open any more. */
export const notOpen = ({ state }: ReservationTold): GatewayError =>
  state === 'open' ? unavailable() : precondition(`The reservation is ${state}.`);

function endedOtherwise(settleFingerprint: string, { kind }: EndAsked): GatewayError {
  if (settleFingerprint === RELEASED) return precondition('The reservation was given back before.');
  if (kind === 'release') return precondition('The reservation was settled before.');
  return new GatewayError('conflict', 'The reservation was settled before, and not like this.', {
    param: 'reservation_id',
  });
}

const precondition = (message: string): GatewayError =>
  new GatewayError('failed_precondition', message, { param: 'reservation_id' });
