import type { Command } from 'commander';
import { metadata } from '../services/fields.ts';
import { allowedEndpoints, allowedModels, sourceNetworks } from '../services/key-restrictions.ts';
import { endpointIds } from '../workspace.ts';
import { jsonObject, judged, limit, list, textOrNone } from './flags.ts';
import type { Flags } from './flags.ts';

/** What a key may be given when it is made and later; empty text or 0 lifts it again. */
export const withKeyOptions = (target: Command): Command =>
  target
    .option('-r, --rate-limit <number>', 'requests in any minute; 0 is unlimited')
    .option('--tpm <number>', 'tokens in any minute; 0 is unlimited')
    .option('--concurrency <number>', 'calls at once; 0 is unlimited')
    .option('--user <user>', 'id or name of the user whose key it is')
    .option('--team <team>', 'id or name of the team whose limits and budgets it shares')
    .option('--models <patterns>', 'models it may ask for, such as gpt-4o,claude-*')
    .option('--endpoints <patterns>', 'endpoints it may call, such as chat.*,embeddings')
    .option('--networks <networks>', 'where it may be used, such as 10.0.0.0/8,2001:db8::1')
    .option('--metadata <json>', 'notes of your own, a JSON object');

/** The options above; undefined for those not given. */
export const readKeyOptions = (flags: Flags) => ({
  rpmLimit: flags.read('rate-limit', limit(1_000_000)),
  tpmLimit: flags.read('tpm', limit(1_000_000_000)),
  concurrencyLimit: flags.read('concurrency', limit(100_000)),
  user: flags.read('user', textOrNone),
  team: flags.read('team', textOrNone),
  allowedModels: flags.read('models', judged(list, allowedModels)),
  allowedEndpoints: flags.read('endpoints', judged(list, allowedEndpoints(endpointIds))),
  sourceNetworks: flags.read('networks', judged(list, sourceNetworks)),
  metadata: flags.read('metadata', judged(jsonObject, metadata)),
});
