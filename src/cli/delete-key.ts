import { command, configOf, onDataDir, withWorkspace } from './command.ts';
import { Flags } from './flags.ts';
import { print } from './print.ts';
import { CLI } from '../services/actor.ts';

export const deleteKey = onDataDir(
  command('delete-key', 'Delete a virtual key. What it did stays on record.'),
)
  .usage('<id> --yes [options]')
  .addHelpText('after', '\n`restore-key` makes it what it was.')
  .option('--yes', 'confirm that it shall be refused from now on (required)')
  .action(async (_options, self) => {
    const flags = new Flags(self, 1);
    const id = flags.argument('<id>');
    flags.require(flags.isSet('yes'), '--yes: is missing: whoever uses the key will be refused');
    const config = configOf(flags);
    await withWorkspace(config, async ({ keys }) => {
      const key = await keys.remove(CLI, id);
      print(`Key deleted: ${key.id}`);
      print(`  Name:        ${key.name}`);
    });
  });
