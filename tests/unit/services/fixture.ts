import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach } from '@jest/globals';
import { fileSchema } from '../../../src/config/file-schema.ts';
import { loadConfig } from '../../../src/config/load.ts';
import { Event } from '../../../src/entities/event.ts';
import { createLogger } from '../../../src/lib/logger.ts';
import { providers } from '../../../src/providers/index.ts';
import { strategies } from '../../../src/routing/index.ts';
import { applyConfiguredPools } from '../../../src/services/configured-pools.ts';
import { localReader } from '../../../src/services/reader/local-reader.ts';
import { openWorkspace } from '../../../src/workspace.ts';
import type { Workspace } from '../../../src/workspace.ts';
import { MovableClock } from '../../support/movable-clock.ts';

export const registries = { providers, strategies };

export interface Office {
  space: Workspace;
  clock: MovableClock;
  /** Makes the database's pools these, as a start with such a file does. */
  configure(pools: readonly object[]): Promise<void>;
  /** Changes so far whose type begins so, oldest first. */
  events(prefix: string): Promise<Event[]>;
}

const cleanups: (() => Promise<void>)[] = [];

afterEach(async () => {
  for (const cleanup of cleanups.splice(0).toReversed()) await cleanup();
});

/** The control plane alone, on a data directory of its own; `env` has settings by environment name. */
export async function openOffice(env: Record<string, string> = {}): Promise<Office> {
  const dataDir = await mkdtemp(join(tmpdir(), 'tollgate-office-'));
  cleanups.push(() => rm(dataDir, { recursive: true, force: true }));
  const clock = new MovableClock();
  const overrides = { ...env, TOLLGATE_DATA_DIR: dataDir };
  const config = loadConfig({ overrides, environment: {} });
  const logger = createLogger({ level: 'silent' });
  const space = await openWorkspace(config, clock, logger, ({ file }) => localReader(file));
  cleanups.push(() => space.close());
  return {
    space,
    clock,
    configure: (pools) =>
      applyConfiguredPools(space.parts, fileSchema.parse({ pools }).pools, {
        sealer: space.sealer,
        registries,
      }),
    events: (prefix) =>
      space.orm.em
        .fork()
        .find(Event, { type: { $like: `${prefix}%` } }, { orderBy: { seq: 'asc' } }),
  };
}

/** A credential of a pool as `tollgate.yaml` spells it. */
export const aCredential = (name: string, fields: object = {}) => ({
  name,
  provider: 'openai',
  api_key: `sk-${name}-${'x'.repeat(12)}`,
  ...fields,
});
