import { modeText, moneyText, resetText, subjectText } from './budget-texts.ts';
import { command, configOf, onDataDir, withWorkspace } from './command.ts';
import { Flags } from './flags.ts';
import { print, table } from './print.ts';
import { CLI } from '../services/actor.ts';

const HEADINGS = [
  'ID',
  'Name',
  'For',
  'Period',
  'Zone',
  'Mode',
  'Cap',
  'Spent',
  'Held',
  'Remaining',
  'Resets',
];

export const listBudgets = onDataDir(
  command('list-budgets', 'List all budgets, oldest first, with what is spent and held now.'),
).action(async (_options, self) => {
  const config = configOf(new Flags(self));
  await withWorkspace(config, async ({ budgets }) => {
    const all = await budgets.list(CLI);
    if (all.length === 0) {
      print('No budgets found.');
      return;
    }
    const rows = all.map((standing) => [
      standing.budget.id,
      standing.budget.name ?? '',
      subjectText(standing),
      standing.budget.period,
      standing.budget.zone,
      modeText(standing.budget),
      moneyText(standing.capNano),
      moneyText(standing.settledNano),
      moneyText(standing.heldNano),
      moneyText(standing.remainingNano),
      resetText(standing),
    ]);
    print(table(HEADINGS, rows));
    print(`Total: ${all.length} budget(s)`);
  });
});
