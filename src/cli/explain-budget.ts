import { explainedLines } from './budget-texts.ts';
import { command, configOf, onDataDir, withWorkspace } from './command.ts';
import { Flags } from './flags.ts';
import { print } from './print.ts';
import { CLI } from '../services/actor.ts';

export const explainBudget = onDataDir(
  command(
    'explain-budget',
    'Tell how much of a budget is taken, and by what. Exits with 1 when the records differ.',
  ),
)
  .usage('<id> [options]')
  .action(async (_options, self) => {
    const flags = new Flags(self, 1);
    const id = flags.argument('<id>');
    const config = configOf(flags);
    await withWorkspace(config, async ({ budgets }) => {
      const told = await budgets.explain(CLI, id);
      for (const line of explainedLines(told)) print(line);
      if (!told.isEqual) process.exitCode = 1;
    });
  });
