import { metadata, uniqueName } from '../services/fields.ts';
import { command, configOf, onDataDir, withWorkspace } from './command.ts';
import { Flags, jsonObject, judged, text } from './flags.ts';
import { print } from './print.ts';
import { CLI } from '../services/actor.ts';

export const createUser = onDataDir(
  command('create-user', 'Make a user, which virtual keys can belong to.'),
)
  .option('-n, --name <name>', 'what it is called (required)')
  .option('--metadata <json>', 'notes of your own, a JSON object')
  .action(async (_options, self) => {
    const flags = new Flags(self);
    const name = flags.read('name', judged(text, uniqueName));
    const given = { metadata: flags.read('metadata', judged(jsonObject, metadata)) };
    flags.require(flags.isGiven('name'), '--name: is missing');
    const config = configOf(flags);
    await withWorkspace(config, async ({ users }) => {
      const user = await users.create(CLI, { name: name ?? '', ...given });
      print(`User created: ${user.id}`);
      print(`  Name:    ${user.name}`);
    });
  });
