import { nameOf } from '../services/credential-named.ts';
import { command, configOf, onCredential, withWorkspace } from './command.ts';
import { untilText } from './credential-texts.ts';
import { duration, Flags, text } from './flags.ts';
import { print } from './print.ts';
import { CLI } from '../services/actor.ts';

export const banCredential = onCredential(
  command(
    'ban-credential',
    'Send no calls to a credential. A running server follows within a second.',
  ),
)
  .option('-m, --model <name>', 'only for this upstream model (all)')
  .option('--for <duration>', 'such as 30s, 10m or 1h30m (until it is lifted)')
  .option('-n, --note <text>', 'why, for those who read it later')
  .action(async (_options, self) => {
    const flags = new Flags(self, 1);
    const credential = flags.argument('<credential>');
    const model = flags.read('model', text);
    const durationMs = flags.read('for', duration);
    const note = flags.read('note', text);
    const config = configOf(flags);
    await withWorkspace(config, async ({ bans }) => {
      const banned = await bans.ban(CLI, {
        credential,
        ...(model === undefined ? {} : { model }),
        ...(durationMs === undefined ? {} : { durationMs }),
        ...(note === undefined ? {} : { note }),
      });
      print(`Banned: ${nameOf(banned)}`);
      print(`  Model:  ${banned.ban.model ?? 'all'}`);
      print(`  Lasts:  ${untilText(banned.ban.untilMs)}`);
    });
  });
