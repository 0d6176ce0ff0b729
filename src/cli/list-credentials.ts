import { nameOf } from '../services/credential-named.ts';
import type { ListedCredential } from '../services/credentials.ts';
import { command, configOf, onDataDir, withWorkspace } from './command.ts';
import { balanceText, banText, limitsText } from './credential-texts.ts';
import { Flags } from './flags.ts';
import { print, table } from './print.ts';
import { CLI } from '../services/actor.ts';

const HEADINGS = [
  'ID',
  'Credential',
  'Provider',
  'Secret',
  'Status',
  'Weight',
  'Priority',
  'Limits',
  'Balance',
];

export const listCredentials = onDataDir(
  command('list-credentials', 'List all credentials by pool, oldest first, and bans in force.'),
).action(async (_options, self) => {
  const config = configOf(new Flags(self));
  await withWorkspace(config, async ({ credentials }) => {
    const all = await credentials.list(CLI);
    if (all.length === 0) {
      print('No credentials found: `tollgate serve` takes them from the configuration.');
      return;
    }
    print(table(HEADINGS, all.map(rowOf)));
    print(`Total: ${all.length} credential(s)`);
    const bans = all.flatMap((one) => one.bans.map((ban) => `${nameOf(one)}  ${banText(ban)}`));
    if (bans.length === 0) return;
    print();
    print('Banned:');
    for (const text of bans) print(`  ${text}`);
  });
});

function rowOf(listed: ListedCredential): string[] {
  const { credential: one } = listed;
  return [
    one.id,
    nameOf(listed),
    one.provider,
    `…${one.secretHint}`,
    statusText(listed),
    String(one.weight),
    String(one.priority),
    limitsText(one),
    balanceText(one.balanceNano),
  ];
}

function statusText({ credential, isSelected, bans }: ListedCredential): string {
  if (!credential.isEnabled) return 'Disabled';
  if (bans.some(({ model }) => model === null)) return 'Banned';
  return isSelected ? 'Selected' : 'Enabled';
}
