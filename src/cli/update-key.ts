import { statusOf } from '../entities/virtual-key.ts';
import { command, configOf, onDataDir, withWorkspace } from './command.ts';
import { Flags, limit, text } from './flags.ts';
import { readKeyOptions, withKeyOptions } from './key-flags.ts';
import { expiryText, limitText, restrictionLines } from './key-texts.ts';
import { ownerNames } from './owner-names.ts';
import { print } from './print.ts';
import { CLI } from '../services/actor.ts';

export const updateKey = withKeyOptions(
  onDataDir(
    command('update-key', 'Change a virtual key. A running server follows within a second.'),
  )
    .usage('<id> [options]')
    .addHelpText('after', '\nEmpty text, such as --models "", lifts a restriction.')
    .option('-n, --name <name>', 'new name')
    .option('-e, --expires <days>', 'days from now until it expires; 0 is never')
    .option('--activate', 'let it be used again')
    .option('--deactivate', 'refuse it from now on'),
).action(async (_options, self) => {
  const flags = new Flags(self, 1);
  const id = flags.argument('<id>');
  const given = {
    name: flags.read('name', text),
    expiresInDays: flags.read('expires', limit(36_500)),
    isActive: flags.either('activate', 'deactivate'),
    ...readKeyOptions(flags),
  };
  flags.requireChange(given);
  const config = configOf(flags);
  await withWorkspace(config, async (space) => {
    const key = await space.keys.update(CLI, id, given);
    print(`Key updated: ${key.id}`);
    print(`  Name:        ${key.name}`);
    print(`  Status:      ${statusOf(key, space.clock.now())}`);
    print(`  Rate Limit:  ${limitText(key.rpmLimit, 'req/min')}`);
    print(`  Expires:     ${expiryText(key.expiresAt)}`);
    for (const line of restrictionLines(key, await ownerNames(space))) print(line);
  });
});
