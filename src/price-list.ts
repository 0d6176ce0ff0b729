import type { EntityManager } from '@mikro-orm/sqlite';
import { catalogueMatchers, catalogueRows } from './accounting/prices/catalogue.ts';
import { configRows } from './accounting/prices/config-price.ts';
import { PriceBook } from './accounting/prices/price-book.ts';
import type { PriceRow } from './accounting/prices/price-row.ts';
import { operatorRows } from './accounting/prices/store.ts';
import { ConfigError } from './config/load.ts';
import type { Config } from './config/load.ts';

type Prices = Pick<Config, 'prices'>;

/** Every price that is known here: what operators have set, the configuration's, the catalogue's. */
export class PriceList {
  readonly #em: EntityManager;
  readonly #config: Prices;
  #given: readonly PriceRow[] | undefined;
  #book: PriceBook | undefined;

  constructor(em: EntityManager, config: Prices) {
    this.#em = em;
    this.#config = config;
  }

  /**
   * The configuration's, then the catalogue's.
   * @throws ConfigError naming every mistake of the configuration's
   */
  get given(): readonly PriceRow[] {
    this.#given ??= [...configuredRows(this.#config), ...catalogueRows()];
    return this.#given;
  }

  /** What calls are priced by; a book is never changed, a new price makes a new one. */
  get book(): PriceBook {
    if (this.#book === undefined) throw new Error('no price was loaded yet');
    return this.#book;
  }

  /** All prices as of now, whoever set them. */
  async read(): Promise<PriceBook> {
    const rows = await operatorRows(this.#em.fork());
    return new PriceBook([...rows, ...this.given], catalogueMatchers());
  }

  /** From now on `book` has what operators have set so far. */
  async reload(): Promise<void> {
    this.#book = await this.read();
  }

  /** The book that a server keeps, as its calls are priced by it; elsewhere all prices as of now. */
  async current(): Promise<PriceBook> {
    return this.#book ?? (await this.read());
  }
}

function configuredRows({ prices }: Prices): PriceRow[] {
  try {
    return configRows(prices);
  } catch (error) {
    throw new ConfigError([error instanceof Error ? error.message : String(error)]);
  }
}
