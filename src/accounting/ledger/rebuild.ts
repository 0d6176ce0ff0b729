import type { EntityManager } from '@mikro-orm/sqlite';
import { ENTRIES, ROLLUPS } from './entries.ts';
import type { Rollup } from './entries.ts';
import { recarry } from './carry.ts';

/** How many sums were written. */
export interface Rebuilt {
  usage: number;
  spend: number;
}

/**
 * Makes both roll-ups anew from records and adjustments, in the caller's transaction. That holds the
 * write lock for as long as it takes, so no server may be writing meanwhile.
 */
export async function rebuildRollups(tx: EntityManager): Promise<Rebuilt> {
  const rebuilt = {
    usage: await rebuildOne(tx, ROLLUPS.usage),
    spend: await rebuildOne(tx, ROLLUPS.spend),
  };
  await recarry(tx);
  return rebuilt;
}

async function rebuildOne(tx: EntityManager, { table, keys, sums, from }: Rollup): Promise<number> {
  await tx.execute(`delete from ${table}`, [], 'run');
  const columns = [...keys, ...sums].join(', ');
  const { affectedRows } = await tx.execute<{ affectedRows: number }>(
    `insert into ${table} (${columns}) ${from(ENTRIES)}`,
    [],
    'run',
  );
  return affectedRows;
}
