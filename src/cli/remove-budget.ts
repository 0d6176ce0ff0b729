import { moneyText } from './budget-texts.ts';
import { command, configOf, onDataDir, withWorkspace } from './command.ts';
import { Flags } from './flags.ts';
import { print } from './print.ts';
import { CLI } from '../services/actor.ts';

export const removeBudget = onDataDir(
  command('remove-budget', 'Cap no more. A running server follows within a second.'),
)
  .usage('<id> [options]')
  .action(async (_options, self) => {
    const flags = new Flags(self, 1);
    const id = flags.argument('<id>');
    const config = configOf(flags);
    await withWorkspace(config, async ({ budgets }) => {
      const { id: removed, scope, capNano, period } = await budgets.remove(CLI, id);
      print(`Budget removed: ${removed}`);
      print(`  For:  ${scope}`);
      print(`  Cap:  ${moneyText(capNano)} ${period === 'none' ? 'ever' : period}`);
    });
  });
