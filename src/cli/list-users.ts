import { command, configOf, onDataDir, withWorkspace } from './command.ts';
import { Flags } from './flags.ts';
import { timeText } from './key-texts.ts';
import { print, table } from './print.ts';
import { CLI } from '../services/actor.ts';

export const listUsers = onDataDir(command('list-users', 'List all users by name.')).action(
  async (_options, self) => {
    const config = configOf(new Flags(self));
    await withWorkspace(config, async ({ users }) => {
      const all = await users.list(CLI);
      if (all.length === 0) {
        print('No users found.');
        return;
      }
      const rows = all.map((user) => [
        user.id,
        user.name,
        user.isEnabled ? 'Enabled' : 'Disabled',
        timeText(user.createdAt),
      ]);
      print(table(['ID', 'Name', 'Status', 'Created'], rows));
      print(`Total: ${all.length} user(s)`);
    });
  },
);
