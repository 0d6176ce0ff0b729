import { providers } from '../providers/index.ts';
import { repriceFields } from '../services/correction-input.ts';
import { providerNames } from '../services/repricing.ts';
import { command, configOf, onDataDir, withWorkspace } from './command.ts';
import { repriceLines } from './correction-texts.ts';
import { Flags, judged, text } from './flags.ts';
import { print } from './print.ts';
import { CLI } from '../services/actor.ts';

const fields = repriceFields(providerNames(providers));

export const reprice = onDataDir(
  command('reprice', 'Charge calls on record at the prices configured now, by adjusting entries.'),
)
  .addHelpText(
    'after',
    '\nCalls of all times and models, unless something is given. Each is priced as of its own time.' +
      '\nMay run beside a server, be repeated, and be broken off: nothing is adjusted twice.',
  )
  .option('--model <model>', 'only calls of this model, as asked for or as sent upstream')
  .option('--provider <provider>', 'only calls served by this provider, or on its price list')
  .option('--from <time>', 'only calls that began then or later, such as 2026-05-06 (UTC)')
  .option('--to <time>', 'only calls that began before, such as 2026-05-06T12:00:00Z')
  .option('--only-unpriced', 'only calls some of whose usage had no price')
  .option('--note <text>', 'why, for whoever reads the books')
  .option('--dry-run', 'tell what would be adjusted, and write nothing')
  .action(async (_options, self) => {
    const flags = new Flags(self);
    const from = flags.read('from', judged(text, fields.from));
    const to = flags.read('to', judged(text, fields.to));
    const given = {
      model: flags.read('model', judged(text, fields.model)),
      provider: flags.read('provider', judged(text, fields.provider)),
      note: flags.read('note', judged(text, fields.note)),
    };
    const isOrdered = from === undefined || to === undefined || Date.parse(from) < Date.parse(to);
    flags.require(isOrdered, '--from: must be before --to');
    const dryRun = flags.isSet('dry-run');
    const onlyUnpriced = flags.isSet('only-unpriced');
    const config = configOf(flags);
    await withWorkspace(config, async ({ corrections }) => {
      const input = { from, to, ...given, onlyUnpriced, dryRun };
      for (const line of repriceLines(await corrections.reprice(CLI, input), dryRun)) print(line);
    });
  });
