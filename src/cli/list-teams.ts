import { command, configOf, onDataDir, withWorkspace } from './command.ts';
import { Flags } from './flags.ts';
import { limitsOfKeyText, timeText } from './key-texts.ts';
import { print, table } from './print.ts';
import { CLI } from '../services/actor.ts';

export const listTeams = onDataDir(command('list-teams', 'List all teams by name.')).action(
  async (_options, self) => {
    const config = configOf(new Flags(self));
    await withWorkspace(config, async ({ teams }) => {
      const all = await teams.list(CLI);
      if (all.length === 0) {
        print('No teams found.');
        return;
      }
      const rows = all.map((team) => [
        team.id,
        team.name,
        team.isEnabled ? 'Enabled' : 'Disabled',
        limitsOfKeyText(team),
        timeText(team.createdAt),
      ]);
      print(table(['ID', 'Name', 'Status', 'Limits', 'Created'], rows));
      print(`Total: ${all.length} team(s)`);
    });
  },
);
