import { cap } from '../services/budget-input.ts';
import { moneyText } from './budget-texts.ts';
import { command, configOf, onDataDir, withWorkspace } from './command.ts';
import { Flags, judged, text, textOrNone, whole } from './flags.ts';
import { readKeyOptions, withKeyOptions } from './key-flags.ts';
import { expiryText, limitText, restrictionLines } from './key-texts.ts';
import { ownerNames } from './owner-names.ts';
import { print } from './print.ts';
import { CLI } from '../services/actor.ts';

export const createKey = withKeyOptions(
  onDataDir(command('create-key', 'Make a virtual key and show it, once.'))
    .option('-n, --name <name>', 'what the key is for (required)')
    .option('-e, --expires <days>', 'days until it expires (never)')
    .option('-p, --pool <name>', 'pool that serves it (the oldest one)')
    .option(
      '--budget <usd>',
      'dollars it may spend in all (VIRTUAL_KEY_DEFAULT_BUDGET); "": no budget',
    ),
).action(async (_options, self) => {
  const flags = new Flags(self);
  const name = flags.read('name', text);
  const expiresInDays = flags.read('expires', whole(1, 36_500));
  const pool = flags.read('pool', text);
  const budget = flags.read('budget', judged(textOrNone, cap.nullable()));
  const settings = readKeyOptions(flags);
  flags.require(flags.isGiven('name'), '--name: is missing');
  const config = configOf(flags);
  await withWorkspace(config, async (space) => {
    const wanted = { name: name ?? '', expiresInDays, pool, budget, ...settings };
    const { key, virtualKey, budget: made } = await space.keys.create(CLI, wanted);
    print();
    print(`  API Key:     ${key}`);
    print();
    print(`  ID:          ${virtualKey.id}`);
    print(`  Name:        ${virtualKey.name}`);
    print(`  Rate Limit:  ${limitText(virtualKey.rpmLimit, 'req/min')}`);
    print(`  Expires:     ${expiryText(virtualKey.expiresAt)}`);
    if (made !== null) print(`  Budget:      ${moneyText(made.capNano)} ever (${made.id})`);
    for (const line of restrictionLines(virtualKey, await ownerNames(space))) print(line);
    print();
    print('  Save this key now. It will not be shown again!');
  });
});
