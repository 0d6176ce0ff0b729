import { catalogueMatchers, catalogueRows } from './accounting/prices/catalogue.ts';
import { configRows } from './accounting/prices/config-price.ts';
import { PriceBook } from './accounting/prices/price-book.ts';
import type { PriceRow } from './accounting/prices/price-row.ts';
import { ConfigError } from './config/load.ts';
import type { Config } from './config/load.ts';

type Prices = Pick<Config, 'prices'>;

/**
 * Every price that is known: the configuration's, then the catalogue's.
 * @throws ConfigError naming every mistake of the configuration's
 */
export const priceRows = (config: Prices): PriceRow[] => [
  ...configuredRows(config),
  ...catalogueRows(),
];

export const priceBook = (rows: readonly PriceRow[]): PriceBook =>
  new PriceBook(rows, catalogueMatchers());

function configuredRows({ prices }: Prices): PriceRow[] {
  try {
    return configRows(prices);
  } catch (error) {
    throw new ConfigError([error instanceof Error ? error.message : String(error)]);
  }
}
