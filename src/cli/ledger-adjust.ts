import { adjustFields } from '../services/correction-input.ts';
import { command, configOf, onDataDir, withWorkspace } from './command.ts';
import { adjustedLines } from './correction-texts.ts';
import { Flags, judged, text } from './flags.ts';
import { print } from './print.ts';
import { CLI } from '../services/actor.ts';

export const adjust = onDataDir(
  command(
    'adjust',
    'Correct what one call cost, by its x-request-id. Later prices leave it alone.',
  ),
)
  .usage('<request-id> (--cost <usd> | --delta <usd>) --note <text> [options]')
  .option('--cost <usd>', 'what it cost, such as 0.05, or 0 for a call that never happened')
  .option('--delta <usd>', 'by how much its cost was wrong, such as -0.05')
  .option('--note <text>', 'why, for whoever reads the books (required)')
  .action(async (_options, self) => {
    const flags = new Flags(self, 1);
    const requestId = flags.argument('<request-id>');
    const cost = flags.read('cost', judged(text, adjustFields.cost));
    const delta = flags.read('delta', judged(text, adjustFields.delta));
    const note = flags.read('note', judged(text, adjustFields.note));
    const isOne = flags.isGiven('cost') !== flags.isGiven('delta');
    flags.require(isOne, '--cost, --delta: give exactly one of them');
    flags.require(flags.isGiven('note'), '--note: is missing');
    const config = configOf(flags);
    await withWorkspace(config, async ({ corrections }) => {
      const corrected = await corrections.adjust(CLI, {
        requestId,
        cost,
        delta,
        note: note ?? '',
      });
      for (const line of adjustedLines(corrected)) print(line);
    });
  });
