import { Command } from 'commander';
import { loadConfig } from '../config/load.ts';
import type { Config } from '../config/load.ts';
import { systemClock } from '../lib/clock.ts';
import { createLogger } from '../lib/logger.ts';
import { providers } from '../providers/index.ts';
import { strategies } from '../routing/index.ts';
import { poolMistakes } from '../services/configured-pools.ts';
import { priceMistakes } from '../services/price-mistakes.ts';
import { localReader } from '../services/reader/local-reader.ts';
import { openWorkspace } from '../workspace.ts';
import type { Workspace } from '../workspace.ts';
import { text } from './flags.ts';
import type { Flags } from './flags.ts';

/** A command that leaves judging its line to `Flags`. */
export function command(name: string, about: string): Command {
  return new Command(name)
    .description(about)
    .allowUnknownOption()
    .allowExcessArguments()
    .helpOption('-h, --help', 'show this help');
}

/** Options of every command that works on a data directory. */
export function onDataDir(target: Command): Command {
  return target
    .option('--data-dir <path>', 'data directory (TOLLGATE_DATA_DIR)')
    .option('--config <file>', 'configuration file (TOLLGATE_CONFIG)');
}

/** A command on one credential, which people may name in three ways. */
export const onCredential = (target: Command): Command =>
  onDataDir(target)
    .usage('<credential> [options]')
    .addHelpText('after', '\n<credential> is an id, pool/name, or a name that only one pool has.');

/** The configuration under the flags given; mistakes of both come in one error. */
export function configOf(flags: Flags, overrides: Record<string, string | undefined> = {}): Config {
  const all = {
    TOLLGATE_DATA_DIR: flags.read('data-dir', text),
    TOLLGATE_CONFIG: flags.read('config', text),
    ...overrides,
  };
  return loadConfig({
    overrides: all,
    mistakes: flags.mistakes,
    judge: ({ pools, prices }) => [
      ...poolMistakes(pools, { providers, strategies }),
      ...priceMistakes(prices, providers),
    ],
  });
}

/** Runs a command on the data directory and closes it again, whatever happens. */
export async function withWorkspace<T>(
  config: Config,
  run: (space: Workspace) => Promise<T>,
): Promise<T> {
  const logger = createLogger({ level: 'warn' });
  const space = await openWorkspace(config, systemClock, logger, ({ file }) => localReader(file));
  try {
    return await run(space);
  } finally {
    await space.close();
  }
}
