import type { EntityManager } from '@mikro-orm/sqlite';
import { Model } from '../../entities/model.ts';
import { Price } from '../../entities/price.ts';
import { sheetFromJson, sheetJson } from './price-row.ts';
import type { PriceRow } from './price-row.ts';

const INSERT_ROWS = 200;

/**
 * Keeps every price that was ever in force: adds the rows the database has not seen, changes none.
 * Ledger records name the row they were charged by.
 */
export async function storePrices(em: EntityManager, rows: readonly PriceRow[], nowMs: number) {
  // Mostly there is nothing to add, and then nobody's write lock is taken.
  if ((await unknownAmong(em, rows)).size === 0) return;
  await em.transactional(async (tx) => {
    // Another process may just have added them.
    const fresh = await unknownAmong(tx, rows);
    const models = new Map<string, Model>();
    for (const { provider, model } of fresh.values()) {
      const id = `${provider}/${model}`;
      models.set(id, { id, provider, name: model });
    }
    for (const page of pages([...models.values()])) await tx.upsertMany(Model, page);
    for (const page of pages([...fresh.values()])) {
      await tx.insertMany(
        Price,
        page.map((row) => ({
          id: row.id,
          provider: row.provider,
          model: row.model,
          validFrom: new Date(row.validFromMs),
          ...sheetJson(row),
          source: row.source,
          version: row.version,
          createdAt: new Date(nowMs),
        })),
      );
    }
  });
}

/** What operators have set, the last first. */
export async function operatorRows(em: EntityManager): Promise<PriceRow[]> {
  const prices = await em.find(Price, { source: 'operator' }, { orderBy: { id: 'desc' } });
  return prices.map((price) => ({
    id: price.id,
    provider: price.provider,
    model: price.model,
    validFromMs: price.validFrom.getTime(),
    ...sheetFromJson(price),
    source: price.source,
    version: price.version,
  }));
}

async function unknownAmong(
  em: EntityManager,
  rows: readonly PriceRow[],
): Promise<Map<string, PriceRow>> {
  const ids = rows.map(({ id }) => id);
  const known = await em.find(Price, { id: { $in: ids } }, { fields: ['id'] });
  const isKnown = new Set(known.map(({ id }) => id));
  return new Map(rows.filter(({ id }) => !isKnown.has(id)).map((row) => [row.id, row]));
}

function pages<T>(items: readonly T[]): T[][] {
  const count = Math.ceil(items.length / INSERT_ROWS);
  return Array.from({ length: count }, (_, at) =>
    items.slice(at * INSERT_ROWS, (at + 1) * INSERT_ROWS),
  );
}
