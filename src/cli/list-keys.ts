import { statusOf } from '../entities/virtual-key.ts';
import { command, configOf, onDataDir, withWorkspace } from './command.ts';
import { Flags } from './flags.ts';
import { expiryText, limitsOfKeyText, timeText } from './key-texts.ts';
import { ownerNames } from './owner-names.ts';
import { print, table } from './print.ts';
import { CLI } from '../services/actor.ts';

const HEADINGS = [
  'ID',
  'Name',
  'Key',
  'User',
  'Team',
  'Status',
  'Rate Limit',
  'Expires',
  'Created',
];
const STATUS = { active: 'Active', inactive: 'Inactive', expired: 'Expired', deleted: 'Deleted' };

export const listKeys = onDataDir(command('list-keys', 'List virtual keys, newest first.'))
  .option('--all', 'deleted ones as well')
  .action(async (_options, self) => {
    const flags = new Flags(self);
    const isAll = flags.isSet('all');
    const config = configOf(flags);
    await withWorkspace(config, async (space) => {
      const all = await space.keys.list(CLI);
      const shown = all.filter(({ deletedAt }) => isAll || deletedAt === null);
      if (shown.length === 0) {
        print('No API keys found.');
        return;
      }
      const nameOf = await ownerNames(space);
      const rows = shown.map((key) => [
        key.id,
        key.name,
        key.hint,
        key.userId === null ? '-' : nameOf(key.userId),
        key.teamId === null ? '-' : nameOf(key.teamId),
        STATUS[statusOf(key, space.clock.now())],
        limitsOfKeyText(key),
        expiryText(key.expiresAt),
        timeText(key.createdAt),
      ]);
      print(table(HEADINGS, rows));
      print(`Total: ${shown.length} key(s)`);
    });
  });
