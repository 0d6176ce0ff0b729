import { statusOf } from '../entities/virtual-key.ts';
import { command, configOf, onDataDir, withWorkspace } from './command.ts';
import { Flags, text, whole } from './flags.ts';
import { expiryText, limitText } from './key-texts.ts';
import { print } from './print.ts';

export const updateKey = onDataDir(
  command('update-key', 'Change a virtual key. A running server follows within a second.'),
)
  .usage('<id> [options]')
  .option('-n, --name <name>', 'new name')
  .option('-r, --rate-limit <number>', 'requests in any minute; 0 is unlimited')
  .option('-e, --expires <days>', 'days from now until it expires; 0 is never')
  .option('--activate', 'let it be used again')
  .option('--deactivate', 'refuse it from now on')
  .action(async (_options, self) => {
    const flags = new Flags(self, 1);
    const id = flags.argument('<id>');
    const name = flags.read('name', text);
    const rpm = flags.read('rate-limit', whole(0, 1_000_000));
    const days = flags.read('expires', whole(0, 36_500));
    const isOn = flags.isSet('activate');
    const isOff = flags.isSet('deactivate');
    flags.require(!(isOn && isOff), '--activate, --deactivate: only one of them makes sense');
    const isChange = name !== undefined || rpm !== undefined || days !== undefined || isOn || isOff;
    flags.require(isChange, 'nothing to change: give at least one option');
    const config = configOf(flags);
    await withWorkspace(config, async ({ keys, clock }) => {
      const key = await keys.update('cli', id, {
        ...(name === undefined ? {} : { name }),
        ...(rpm === undefined ? {} : { rpmLimit: rpm === 0 ? null : rpm }),
        ...(days === undefined ? {} : { expiresInDays: days === 0 ? null : days }),
        ...(isOn || isOff ? { isActive: isOn } : {}),
      });
      print(`Key updated: ${key.id}`);
      print(`  Name:        ${key.name}`);
      print(`  Status:      ${statusOf(key, clock.now())}`);
      print(`  Rate Limit:  ${limitText(key.rpmLimit, 'req/min')}`);
      print(`  Expires:     ${expiryText(key.expiresAt)}`);
    });
  });
