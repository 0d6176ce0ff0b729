import { metadata, uniqueName } from '../services/fields.ts';
import { command, configOf, onDataDir, withWorkspace } from './command.ts';
import { Flags, jsonObject, judged, text } from './flags.ts';
import { limitsOfKeyText } from './key-texts.ts';
import { print } from './print.ts';
import { readTeamLimits, withTeamLimits } from './team-flags.ts';
import { CLI } from '../services/actor.ts';

export const updateTeam = withTeamLimits(
  onDataDir(command('update-team', 'Change a team. A running server follows within a second.')),
)
  .usage('<team> [options]')
  .addHelpText('after', '\n<team> is an id or a name.')
  .option('-n, --name <name>', 'new name')
  .option('--enable', 'let its keys be used again')
  .option('--disable', 'refuse its keys from now on')
  .option('--metadata <json>', 'notes of your own, a JSON object')
  .action(async (_options, self) => {
    const flags = new Flags(self, 1);
    const which = flags.argument('<team>');
    const given = {
      name: flags.read('name', judged(text, uniqueName)),
      isEnabled: flags.either('enable', 'disable'),
      metadata: flags.read('metadata', judged(jsonObject, metadata)),
      ...readTeamLimits(flags),
    };
    flags.requireChange(given);
    const config = configOf(flags);
    await withWorkspace(config, async ({ teams }) => {
      const team = await teams.update(CLI, which, given);
      print(`Team updated: ${team.id}`);
      print(`  Name:    ${team.name}`);
      print(`  Status:  ${team.isEnabled ? 'enabled' : 'disabled'}`);
      print(`  Limits:  ${limitsOfKeyText(team)}`);
    });
  });
