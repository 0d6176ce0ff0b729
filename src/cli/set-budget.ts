import type { Command } from 'commander';
import { BUDGET_SCOPES } from '../entities/budget-scope.ts';
import { cap, terms } from '../services/budget-input.ts';
import { budgetLines } from './budget-texts.ts';
import { command, configOf, onDataDir, withWorkspace } from './command.ts';
import { decimals, Flags, judged, text, textOrNone } from './flags.ts';
import { print } from './print.ts';
import { CLI } from '../services/actor.ts';

const ALL_SCOPES = BUDGET_SCOPES.map((scope) => `--${scope}`).join(', ');

const withTerms = (target: Command): Command =>
  target
    .option('--cap <usd>', 'dollars that may be spent in a period, such as 25 or 0.05 (required)')
    .option('--period <period>', 'none, hourly, daily, weekly or monthly (monthly)')
    .option('--zone <zone>', 'time zone of its midnights, such as Europe/Berlin (UTC)')
    .option('--soft', 'only alert')
    .option('--hard', 'refuse what would exceed the cap (as at first)')
    .option('--strict', 'hold what a call can cost at most')
    .option('--standard', 'hold what a call will probably cost (as at first)')
    .option('--alert <percents>', 'parts of the cap at which to tell, such as 50,80,100')
    .option('--name <name>', 'what it is called')
    .option('--disable', 'count, but neither refuse nor alert')
    .option('--enable', 'refuse and alert again (as at first)');

export const setBudget = withTerms(
  onDataDir(
    command('set-budget', 'Cap what may be spent. A running server follows within a second.'),
  )
    .usage('<whose> --cap <usd> [options]')
    .addHelpText('after', '\nWhere there is a budget of this period already, it is changed.')
    .option('--key <id>', 'for a virtual key, by its id or the start of it')
    .option('--team <team>', 'for all keys of a team, by id or name')
    .option('--user <user>', 'for all keys of a user, by id or name')
    .option('--pool <pool>', 'for all calls of a pool, by id or name'),
).action(async (_options, self) => {
  const flags = new Flags(self);
  const whose = BUDGET_SCOPES.flatMap((scope) => {
    const isGiven = flags.isGiven(scope);
    return isGiven ? [{ scope, subject: flags.read(scope, text) ?? '' }] : [];
  });
  const amount = flags.read('cap', judged(text, cap));
  const given = {
    period: flags.read('period', judged(text, terms.period)),
    zone: flags.read('zone', judged(text, terms.zone)),
    isHard: flags.either('hard', 'soft'),
    isStrict: flags.either('strict', 'standard'),
    alertPercents: flags.read('alert', judged(decimals, terms.alertPercents)),
    name: flags.read('name', judged(textOrNone, terms.name)),
    isEnabled: flags.either('enable', 'disable'),
  };
  const [owner = { scope: BUDGET_SCOPES[0], subject: '' }] = whose;
  flags.require(whose.length === 1, `${ALL_SCOPES}: give exactly one of them`);
  flags.require(flags.isGiven('cap'), '--cap: is missing');
  const config = configOf(flags);
  await withWorkspace(config, async ({ budgets }) => {
    const standing = await budgets.set(CLI, { ...owner, cap: amount ?? '', ...given });
    print(`Budget set: ${standing.budget.id}`);
    for (const line of budgetLines(standing)) print(line);
  });
});
