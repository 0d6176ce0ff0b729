import { cap } from '../services/budget-input.ts';
import { writtenTime } from '../services/time-input.ts';
import { budgetLines } from './budget-texts.ts';
import { command, configOf, onDataDir, withWorkspace } from './command.ts';
import { duration, Flags, judged, text } from './flags.ts';
import { print } from './print.ts';
import { CLI } from '../services/actor.ts';

export const raiseBudget = onDataDir(
  command('raise-budget', 'Raise a cap for a time. A running server follows within a second.'),
)
  .usage('<id> --by <usd> (--until <time> | --for <duration>) [options]')
  .addHelpText('after', '\nAnother raise replaces the one before; --by 0 ends it.')
  .option('--by <usd>', 'dollars that are added to the cap, such as 25 or 0.05 (required)')
  .option('--until <time>', 'when it is over: 2026-05-06, 2026-05-06T12:00:00Z')
  .option('--for <duration>', 'how long it lasts from now on, such as 90m or 24h')
  .action(async (_options, self) => {
    const flags = new Flags(self, 1);
    const id = flags.argument('<id>');
    const by = flags.read('by', judged(text, cap));
    const until = flags.read('until', judged(text, writtenTime));
    const forMs = flags.read('for', duration);
    const isEnd = by !== undefined && cap.parse(by) === 0n;
    const times = ['until', 'for'].filter((flag) => flags.isGiven(flag)).length;
    flags.require(flags.isGiven('by'), '--by: is missing');
    flags.require(
      times === 1 || (isEnd && times === 0),
      '--until, --for: give exactly one of them',
    );
    const config = configOf(flags);
    await withWorkspace(config, async ({ budgets, clock }) => {
      const end = forMs === undefined ? until : new Date(clock.now() + forMs);
      const standing = await budgets.raise(CLI, id, { by: by ?? '', until: end });
      print(`${isEnd ? 'Raise ended' : 'Budget raised'}: ${standing.budget.id}`);
      for (const line of budgetLines(standing)) print(line);
    });
  });
