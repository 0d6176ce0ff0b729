import { metadata, uniqueName } from '../services/fields.ts';
import { command, configOf, onDataDir, withWorkspace } from './command.ts';
import { Flags, jsonObject, judged, text } from './flags.ts';
import { print } from './print.ts';
import { CLI } from '../services/actor.ts';

export const updateUser = onDataDir(
  command('update-user', 'Change a user. A running server follows within a second.'),
)
  .usage('<user> [options]')
  .addHelpText('after', '\n<user> is an id or a name.')
  .option('-n, --name <name>', 'new name')
  .option('--enable', 'let its keys be used again')
  .option('--disable', 'refuse its keys from now on')
  .option('--metadata <json>', 'notes of your own, a JSON object')
  .action(async (_options, self) => {
    const flags = new Flags(self, 1);
    const which = flags.argument('<user>');
    const given = {
      name: flags.read('name', judged(text, uniqueName)),
      isEnabled: flags.either('enable', 'disable'),
      metadata: flags.read('metadata', judged(jsonObject, metadata)),
    };
    flags.requireChange(given);
    const config = configOf(flags);
    await withWorkspace(config, async ({ users }) => {
      const user = await users.update(CLI, which, given);
      print(`User updated: ${user.id}`);
      print(`  Name:    ${user.name}`);
      print(`  Status:  ${user.isEnabled ? 'enabled' : 'disabled'}`);
    });
  });
