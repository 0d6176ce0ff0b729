import type { EntityManager, FilterQuery } from '@mikro-orm/sqlite';
import type { PriceBook } from '../accounting/prices/price-book.ts';
import { newlySet, sheetJson } from '../accounting/prices/price-row.ts';
import type { PriceRow } from '../accounting/prices/price-row.ts';
import { storePrices } from '../accounting/prices/store.ts';
import { Price } from '../entities/price.ts';
import { GatewayError } from '../errors/gateway-error.ts';
import type { Provider } from '../providers/provider.ts';
import type { Actor } from './actor.ts';
import { perform, validated } from './operation.ts';
import type { ServiceParts } from './operation.ts';
import { pageOf } from './page.ts';
import type { Page } from './page.ts';
import { permit } from './policy.ts';
import { priceOfInput, pricesInput, setPriceInput, sheetOf } from './price-input.ts';
import type { PriceOfInput, PricesInput, SetPriceInput } from './price-input.ts';

export interface PriceParts {
  providers: ReadonlyMap<string, Provider>;
  /** What calls are priced by now. */
  book(): Promise<PriceBook>;
}

/** Prices: those on record, those in force, new versions of them. */
export class PriceService {
  readonly #parts: ServiceParts;
  readonly #own: PriceParts;
  readonly #setInput: ReturnType<typeof setPriceInput>;

  constructor(parts: ServiceParts, own: PriceParts) {
    this.#parts = parts;
    this.#own = own;
    this.#setInput = setPriceInput(own.providers);
  }

  /**
   * Every version on record, by provider and model, newest first; those too that came with an older
   * catalogue or stood in the configuration once.
   */
  async list(actor: Actor, input: PricesInput = {}): Promise<Page<Price>> {
    permit(actor, 'prices');
    const { filter, first, after } = validated(pricesInput, input);
    const { at, ...alike } = filter;
    const em = this.#parts.em.fork();
    const where: FilterQuery<Price>[] = Object.entries(alike).map(([name, value]) => ({
      [name]: value,
    }));
    if (at !== undefined) where.push({ id: { $in: inForceAt(await this.#own.book(), at) } });
    if (after !== undefined) where.push(behind(await this.#priceAt(em, after)));
    const found = await em.find(Price, { $and: where }, { orderBy: ORDER, limit: first + 1 });
    return pageOf(found, first, ({ id }) => id);
  }

  /** What a call to a model is priced by, at a provider or on a price list; null: not known. */
  async of(actor: Actor, input: PriceOfInput): Promise<Price | null> {
    permit(actor, 'price');
    const { provider, model, at = this.#parts.clock.now() } = validated(priceOfInput, input);
    const kind = this.#own.providers.get(provider);
    const book = await this.#own.book();
    const row = kind === undefined ? book.find(provider, model, at) : book.of(kind, model, at);
    if (row === undefined) return null;
    return await this.#parts.em.fork().findOneOrFail(Price, { id: row.id });
  }

  /** Whether calls are priced by it now. */
  async isInForce({ id, provider, model }: Price): Promise<boolean> {
    const book = await this.#own.book();
    return book.find(provider, model, this.#parts.clock.now())?.id === id;
  }

  async byIds(ids: readonly string[]): Promise<Price[]> {
    return await this.#parts.em.fork().find(Price, { id: { $in: [...ids] } });
  }

  /**
   * A new version: calls that come from then on are charged by it, those under way by the price they
   * came with. What the past was charged is not touched by one that is retroactive, but by repricing.
   */
  async set(actor: Actor, input: SetPriceInput): Promise<Price> {
    const asked = { actor, operation: 'setPrice', schema: this.#setInput, input } as const;
    const book = await this.#own.book();
    return await perform(this.#parts, asked, async ({ wanted, tx, note: noteEvent }) => {
      const nowMs = this.#parts.clock.now();
      const { provider, model, validFrom: validFromMs = nowMs, isRetroactive, note } = wanted;
      if (validFromMs < nowMs && !isRetroactive) throw inThePast();
      const known = { source: 'operator', version: 'operator' } as const;
      const row = newlySet({ provider, model, validFromMs, ...sheetOf(wanted), ...known });
      await storePrices(tx, [row], nowMs);
      const held = book.find(provider, model, validFromMs);
      noteEvent({
        type: 'price.set',
        subject: row.id,
        ...(held === undefined ? {} : { before: facts(held) }),
        after: { ...facts(row), note: note ?? null },
      });
      return await tx.findOneOrFail(Price, { id: row.id });
    });
  }

  async #priceAt(em: EntityManager, cursor: string): Promise<Price> {
    const price = await em.findOne(Price, { id: cursor });
    if (price !== null) return price;
    const text = 'after: must be a cursor that was given with a price';
    throw new GatewayError('invalid_request', text, { param: 'after' });
  }
}

/** Of rows alike the one that was set last comes first. */
const ORDER = { provider: 'asc', model: 'asc', validFrom: 'desc', id: 'desc' } as const;

/** What comes after a price in that order. */
const behind = ({ provider, model, validFrom, id }: Price) => ({
  $or: [
    { provider: { $gt: provider } },
    { provider, model: { $gt: model } },
    { provider, model, validFrom: { $lt: validFrom } },
    { provider, model, validFrom, id: { $lt: id } },
  ],
});

const inForceAt = (book: PriceBook, atMs: number): string[] =>
  book.rows
    .filter(({ id, provider, model }) => book.find(provider, model, atMs)?.id === id)
    .map(({ id }) => id);

const inThePast = (): GatewayError =>
  new GatewayError(
    'invalid_request',
    'validFrom: is in the past. Say isRetroactive if that is meant, and reprice what was charged since.',
    { param: 'validFrom' },
  );

/** What an event says of a price; rates as the store spells them. */
const facts = (row: PriceRow) => ({
  id: row.id,
  provider: row.provider,
  model: row.model,
  validFrom: new Date(row.validFromMs).toISOString(),
  source: row.source,
  ...sheetJson(row),
});
