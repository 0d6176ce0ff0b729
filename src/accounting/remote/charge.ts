import type { Usage } from '../../entities/usage.ts';
import { GatewayError } from '../../errors/gateway-error.ts';
import { costOf } from '../prices/cost.ts';
import { hasFee, withFee } from '../prices/fee.ts';
import type { PriceBook, PricedKind } from '../prices/price-book.ts';
import type { PriceRow } from '../prices/price-row.ts';

/**
 * Ten thousand dollars, of one call or reservation of another service. Far below what the ledger takes: a
 * service says what it likes, and sums of what it says have to stay within the integers of the store.
 */
export const CHARGE_NANO_MAX = 10n ** 13n;

/** As much of a price as a charge needs. */
export type ChargePrice = Pick<PriceRow, 'id' | 'rates' | 'tiers'>;

/** What a call used, and what its service says that it cost; null: by our prices. */
export interface ToCharge {
  readonly usage: Usage;
  readonly costNano: bigint | null;
  readonly endpoint: string;
}

/** What is charged. */
export interface Charge {
  /** With the fee of a request, where there is one. */
  readonly usage: Usage;
  readonly costNano: bigint;
  /** Empty where no price says so. */
  readonly priceId: string;
  /** Whether all of it has a price: the cost is a lower bound otherwise. */
  readonly isPriced: boolean;
}

/** Prices, by whoever is called: a provider that is known here, or a name of the price list. */
export interface RemotePrices {
  book(): PriceBook;
  kinds: ReadonlyMap<string, PricedKind>;
}

/** The price that holds at a time. */
export function priceAt(
  { book, kinds }: RemotePrices,
  { provider, model }: { provider: string; model: string },
  atMs: number,
): PriceRow | undefined {
  if (provider === '') return undefined;
  const kind = kinds.get(provider);
  return kind === undefined ? book().find(provider, model, atMs) : book().of(kind, model, atMs);
}

/**
 * A cost that is given is taken as it is; what has no price is not charged, and told. `field` is where
 * the usage was told.
 * @throws GatewayError `invalid_request` for what no call can cost
 */
export function chargeOf(
  { usage, costNano, endpoint }: ToCharge,
  price: ChargePrice | undefined,
  field = 'usage',
): Charge {
  if (costNano !== null) return { usage, costNano, priceId: '', isPriced: true };
  if (price === undefined) return { usage, costNano: 0n, priceId: '', isPriced: false };
  const all = hasFee(endpoint) ? withFee(usage, price) : usage;
  const cost = costOf(all, price);
  if (cost.costNano > CHARGE_NANO_MAX) throw beyond(field);
  return {
    usage: all,
    costNano: cost.costNano,
    priceId: price.id,
    isPriced: cost.unpriced.length === 0,
  };
}

const beyond = (field: string): GatewayError =>
  new GatewayError(
    'invalid_request',
    `${field}: costs more than ${CHARGE_NANO_MAX} nano-USD, as no call may`,
    { param: field },
  );
