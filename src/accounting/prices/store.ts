import type { EntityManager } from '@mikro-orm/sqlite';
import { Model } from '../../entities/model.ts';
import { Price } from '../../entities/price.ts';
import { sheetJson } from './price-row.ts';
import type { PriceRow } from './price-row.ts';

const INSERT_ROWS = 200;

/**
 * Keeps every price that was ever in force: adds the rows the database has not seen, changes none.
 * Ledger records name the row they were charged by.
 */
export async function storePrices(em: EntityManager, rows: readonly PriceRow[], nowMs: number) {
  const known = new Set((await em.findAll(Price, { fields: ['id'] })).map(({ id }) => id));
  const fresh = new Map(rows.filter(({ id }) => !known.has(id)).map((row) => [row.id, row]));
  if (fresh.size === 0) return;
  await em.transactional(async (tx) => {
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

function pages<T>(items: readonly T[]): T[][] {
  const count = Math.ceil(items.length / INSERT_ROWS);
  return Array.from({ length: count }, (_, at) =>
    items.slice(at * INSERT_ROWS, (at + 1) * INSERT_ROWS),
  );
}
