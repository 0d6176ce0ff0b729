import { nameOf } from '../services/credential-named.ts';
import { command, configOf, onCredential, withWorkspace } from './command.ts';
import { banText } from './credential-texts.ts';
import { Flags, text } from './flags.ts';
import { print } from './print.ts';
import { CLI } from '../services/actor.ts';

export const liftBan = onCredential(
  command('lift-ban', "End a credential's bans. A running server follows within a second."),
)
  .option('-m, --model <name>', 'only bans for this upstream model (all)')
  .action(async (_options, self) => {
    const flags = new Flags(self, 1);
    const credential = flags.argument('<credential>');
    const model = flags.read('model', text);
    const config = configOf(flags);
    await withWorkspace(config, async ({ bans }) => {
      const lifted = await bans.liftBans(CLI, {
        credential,
        ...(model === undefined ? {} : { model }),
      });
      print(`Lifted: ${nameOf(lifted)}`);
      for (const ban of lifted.bans) print(`  ${banText(ban)}`);
    });
  });
