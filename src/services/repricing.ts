import type { EntityManager } from '@mikro-orm/sqlite';
import { costOf } from '../accounting/prices/cost.ts';
import { hasFee, withFee } from '../accounting/prices/fee.ts';
import type { PriceBook } from '../accounting/prices/price-book.ts';
import type { PriceRow } from '../accounting/prices/price-row.ts';
import { AMOUNT_NANO_MAX } from '../accounting/ledger/apply.ts';
import { USAGE_COLUMNS } from '../accounting/ledger/rows.ts';
import { priceAt } from '../accounting/remote/charge.ts';
import type { RemotePrices } from '../accounting/remote/charge.ts';
import type { Outcome } from '../entities/call-record.ts';
import { USAGE_CLASSES } from '../entities/usage.ts';
import type { UsageClass, UsageSource } from '../entities/usage.ts';
import type { Provider } from '../providers/provider.ts';
import type { RepriceFilter } from './correction-input.ts';

/** Why a call keeps the cost it has. */
export type LeftAlone =
  /** Nothing was produced, nothing is charged, whatever the price. */
  | 'voided'
  /** Charged at its hold: what it used is not known. */
  | 'unknown'
  /** The caller's own credential paid. */
  | 'paid_elsewhere'
  /** Of an endpoint that tells no usage, so there is nothing to multiply a price by. */
  | 'no_usage'
  /** An operator has said what it costs, and knew more than a price list. */
  | 'operator'
  /** So has the service that made it. */
  | 'told'
  /** Nobody knows any more which provider served it. */
  | 'no_provider'
  | 'no_price'
  /** By its price it costs more than any call can: what it used is not to be believed. */
  | 'too_dear';

/** A call that is priced anew. */
export interface Repriced {
  id: string;
  beforeNano: bigint;
  costNano: bigint;
  price: PriceRow;
  /** Some of its usage still has no price: the cost is a lower bound. */
  isLowerBound: boolean;
}

export interface RepricedPage {
  /** Where the next page begins; null after the last. */
  next: string | null;
  repriced: Repriced[];
  leftAlone: LeftAlone[];
}

/** What prices are found by. */
export interface RepricingParts {
  prices: PriceBook;
  /** Provider of each credential, those disabled by now included. */
  providerOf: ReadonlyMap<string, Provider>;
  /** All that are known here: other services name them. */
  providers: ReadonlyMap<string, Provider>;
  filter: RepriceFilter;
}

interface RecordRow extends Record<UsageClass, number> {
  id: string;
  credentialId: string;
  endpoint: string;
  /** As asked for. */
  model: string;
  /** As sent upstream by the last attempt, where that is another name. */
  sent: string | null;
  startedAtMs: number;
  outcome: Outcome;
  usageSource: UsageSource;
  isPriced: number;
  cost: string;
  adjusted: string;
  operators: number;
  priceId: string;
  /** Who was called, as another service said; null for a call of `/v1`. */
  remoteProvider: string | null;
}

/** In records, for whatever credential a caller brought. */
const CALLER = 'caller';

/** Names that calls can be told apart by: of providers, and of the price lists they go by. */
export const providerNames = (providers: ReadonlyMap<string, Provider>): ReadonlySet<string> =>
  new Set([...providers].flatMap(([id, kind]) => [id, kind.priceKey('').provider]));

const USAGE = USAGE_CLASSES.map((name, index) => `r.${USAGE_COLUMNS[index]} as "${name}"`);

const PAGE = `select r.id, r.credential_id as "credentialId", r.endpoint, r.model,
    r.attempts ->> '$[#-1].model' as sent, r.started_at_ms as "startedAtMs", r.outcome,
    r.usage_source as "usageSource", r.is_priced as "isPriced", cast(r.cost_nano as text) as cost,
    (select cast(coalesce(sum(delta_nano), 0) as text) from adjustments
     where request_id = r.id) as adjusted,
    (select count(*) from adjustments
     where request_id = r.id and reason = 'operator') as operators,
    r.price_id as "priceId", c.provider as "remoteProvider", ${USAGE.join(', ')}
  from usage_records r left join remote_calls c on c.id = r.id
  where r.id > ? order by r.id limit ?`;

/** Reads the ledger page by page and finds what each call costs at the prices of now, as of its time. */
export class Repricing {
  readonly #em: EntityManager;
  readonly #parts: RepricingParts;
  readonly #prices: RemotePrices;

  constructor(em: EntityManager, parts: RepricingParts) {
    this.#em = em;
    this.#parts = parts;
    this.#prices = { book: () => parts.prices, kinds: parts.providers };
  }

  /** So many records after one, in the order of their ids. Takes no lock that a writer waits for. */
  async page(after: string, limit: number): Promise<RepricedPage> {
    const rows = await this.#em.execute<RecordRow[]>(PAGE, [after, limit]);
    const last = rows.length < limit ? undefined : rows.at(-1);
    const page: RepricedPage = { next: last?.id ?? null, repriced: [], leftAlone: [] };
    for (const row of rows) {
      const judged = this.#judge(row);
      if (typeof judged === 'string') page.leftAlone.push(judged);
      else if (judged !== null) page.repriced.push(judged);
    }
    return page;
  }

  /** Null for a call that is not meant. */
  #judge(row: RecordRow): Repriced | LeftAlone | null {
    const { providerOf, providers } = this.#parts;
    const { remoteProvider: told } = row;
    const provider = told === null ? providerOf.get(row.credentialId) : providers.get(told);
    // As the settlement found it: by the model that was sent, at whoever was asked.
    const upstream = row.sent ?? row.model;
    const names = [provider?.id, provider?.priceKey(upstream).provider, told];
    if (!this.#isMeant(row, names)) return null;
    const kept = unpriceable(row);
    if (kept !== null) return kept;
    // Other services may name a price list that no provider of ours goes by.
    const name = provider?.id ?? told ?? '';
    if (name === '') return 'no_provider';
    const { startedAtMs } = row;
    const price = priceAt(this.#prices, { provider: name, model: upstream }, startedAtMs);
    if (price === undefined) return 'no_price';
    // A call that had no price then was recorded without the fee that this one may have.
    const usage = hasFee(row.endpoint) ? withFee(row, price) : row;
    const { costNano, unpriced } = costOf(usage, price);
    if (costNano > AMOUNT_NANO_MAX) return 'too_dear';
    const beforeNano = BigInt(row.cost) + BigInt(row.adjusted);
    return { id: row.id, beforeNano, costNano, price, isLowerBound: unpriced.length > 0 };
  }

  #isMeant(row: RecordRow, providers: readonly (string | null | undefined)[]): boolean {
    const { model, provider, from = 0, to = Infinity, onlyUnpriced } = this.#parts.filter;
    if (row.startedAtMs < from || row.startedAtMs >= to) return false;
    if (onlyUnpriced && row.isPriced !== 0) return false;
    if (model !== undefined && model !== row.model && model !== row.sent) return false;
    return provider === undefined || providers.includes(provider);
  }
}

function unpriceable(row: RecordRow): LeftAlone | null {
  if (row.operators > 0) return 'operator';
  if (row.outcome === 'voided' || row.outcome === 'unknown') return row.outcome;
  if (row.credentialId === CALLER) return 'paid_elsewhere';
  if (row.remoteProvider !== null && row.priceId === '' && row.isPriced !== 0) return 'told';
  return row.usageSource === 'none' ? 'no_usage' : null;
}
