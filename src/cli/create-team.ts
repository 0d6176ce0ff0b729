import { metadata, uniqueName } from '../services/fields.ts';
import { command, configOf, onDataDir, withWorkspace } from './command.ts';
import { Flags, jsonObject, judged, text } from './flags.ts';
import { limitsOfKeyText } from './key-texts.ts';
import { print } from './print.ts';
import { readTeamLimits, withTeamLimits } from './team-flags.ts';
import { CLI } from '../services/actor.ts';

export const createTeam = withTeamLimits(
  onDataDir(command('create-team', 'Make a team, which virtual keys can belong to.')),
)
  .option('-n, --name <name>', 'what it is called (required)')
  .option('--metadata <json>', 'notes of your own, a JSON object')
  .action(async (_options, self) => {
    const flags = new Flags(self);
    const name = flags.read('name', judged(text, uniqueName));
    const given = {
      metadata: flags.read('metadata', judged(jsonObject, metadata)),
      ...readTeamLimits(flags),
    };
    flags.require(flags.isGiven('name'), '--name: is missing');
    const config = configOf(flags);
    await withWorkspace(config, async ({ teams }) => {
      const team = await teams.create(CLI, { name: name ?? '', ...given });
      print(`Team created: ${team.id}`);
      print(`  Name:    ${team.name}`);
      print(`  Limits:  ${limitsOfKeyText(team)}`);
    });
  });
