import { recoverHolds } from './accounting/ledger/recover.ts';
import { storePrices } from './accounting/prices/store.ts';
import type { PoolConfig } from './config/file-schema.ts';
import { ConfigError } from './config/load.ts';
import { openSqlite } from './lib/sqlite.ts';
import { providers } from './providers/index.ts';
import { strategies } from './routing/index.ts';
import { SYSTEM } from './services/actor.ts';
import { applyConfiguredPools, poolMistakes } from './services/configured-pools.ts';
import { ProvingGrounds } from './services/proving-grounds.ts';
import type { Workspace } from './workspace.ts';

/**
 * Brings the database in line with the configuration, and resolves what a dead process left open:
 * gives how many calls that were.
 */
export async function prepare(space: Workspace, pools: readonly PoolConfig[]): Promise<number> {
  const registries = { providers, strategies };
  const mistakes = poolMistakes(pools, registries);
  if (mistakes.length > 0) throw new ConfigError(mistakes);
  const { clock, orm, priceList } = space;
  await storePrices(orm.em.fork(), priceList.given, clock.now());
  await applyConfiguredPools(space.parts, pools, { sealer: space.sealer, registries });
  // No proof is under way while nobody serves: these are of one that was killed.
  await new ProvingGrounds(space.parts, space).clear(SYSTEM);
  return recover(space);
}

function recover({ file, clock, logger }: Workspace): number {
  const database = openSqlite(file);
  try {
    const holds = recoverHolds(database, clock.now());
    if (holds > 0) logger.warn({ holds }, 'holds of a process that died were charged and closed');
    return holds;
  } finally {
    database.close();
  }
}
