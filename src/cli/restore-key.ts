import { statusOf } from '../entities/virtual-key.ts';
import { command, configOf, onDataDir, withWorkspace } from './command.ts';
import { Flags } from './flags.ts';
import { print } from './print.ts';
import { CLI } from '../services/actor.ts';

export const restoreKey = onDataDir(
  command('restore-key', 'Make a deleted virtual key what it was: its secret opens it again.'),
)
  .usage('<id> [options]')
  .addHelpText('after', '\n`list-keys --all` shows the ids of deleted keys.')
  .action(async (_options, self) => {
    const flags = new Flags(self, 1);
    const id = flags.argument('<id>');
    const config = configOf(flags);
    await withWorkspace(config, async ({ keys, clock }) => {
      const key = await keys.restore(CLI, id);
      print(`Key restored: ${key.id}`);
      print(`  Name:        ${key.name}`);
      print(`  Status:      ${statusOf(key, clock.now())}`);
    });
  });
