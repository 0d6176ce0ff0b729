import { statusOf } from '../entities/virtual-key.ts';
import { command, configOf, onDataDir, withWorkspace } from './command.ts';
import { Flags } from './flags.ts';
import { expiryText, limitText, timeText } from './key-texts.ts';
import { print, table } from './print.ts';

const STATUS = { active: 'Active', inactive: 'Inactive', expired: 'Expired' };

export const listKeys = onDataDir(
  command('list-keys', 'List all virtual keys, newest first.'),
).action(async (_options, self) => {
  const config = configOf(new Flags(self));
  await withWorkspace(config, async ({ keys, clock }) => {
    const all = await keys.list();
    if (all.length === 0) {
      print('No API keys found.');
      return;
    }
    const rows = all.map((key) => [
      key.id,
      key.name,
      key.hint,
      STATUS[statusOf(key, clock.now())],
      limitText(key.rpmLimit, '/min').replace(' ', ''),
      expiryText(key.expiresAt),
      timeText(key.createdAt),
    ]);
    print(table(['ID', 'Name', 'Key', 'Status', 'Rate Limit', 'Expires', 'Created'], rows));
    print(`Total: ${all.length} key(s)`);
  });
});
