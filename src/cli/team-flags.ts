import type { Command } from 'commander';
import { limit } from './flags.ts';
import type { Flags } from './flags.ts';

/** Limits of all keys of a team together. */
export const withTeamLimits = (target: Command): Command =>
  target
    .option('-r, --rate-limit <number>', 'requests of all its keys in any minute; 0 is unlimited')
    .option('--tpm <number>', 'tokens of all its keys in any minute; 0 is unlimited')
    .option('--concurrency <number>', 'calls of all its keys at once; 0 is unlimited');

/** The options above; undefined for those not given. */
export const readTeamLimits = (flags: Flags) => ({
  rpmLimit: flags.read('rate-limit', limit(1_000_000)),
  tpmLimit: flags.read('tpm', limit(1_000_000_000)),
  concurrencyLimit: flags.read('concurrency', limit(100_000)),
});
