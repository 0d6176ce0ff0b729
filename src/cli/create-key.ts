import { command, configOf, onDataDir, withWorkspace } from './command.ts';
import { Flags, text, whole } from './flags.ts';
import { expiryText, limitText } from './key-texts.ts';
import { print } from './print.ts';

export const createKey = onDataDir(command('create-key', 'Make a virtual key and show it, once.'))
  .option('-n, --name <name>', 'what the key is for (required)')
  .option('-r, --rate-limit <number>', 'requests in any minute; 0 is unlimited (0)')
  .option('-e, --expires <days>', 'days until it expires (never)')
  .option('-p, --pool <name>', 'pool that serves it (the oldest one)')
  .action(async (_options, self) => {
    const flags = new Flags(self);
    const name = flags.read('name', text);
    const rpm = flags.read('rate-limit', whole(0, 1_000_000)) ?? 0;
    const expiresInDays = flags.read('expires', whole(1, 36_500)) ?? null;
    const pool = flags.read('pool', text);
    flags.require(name !== undefined, '--name: is missing');
    const config = configOf(flags);
    await withWorkspace(config, async ({ keys }) => {
      const { key, virtualKey } = await keys.create('cli', {
        name: name ?? '',
        rpmLimit: rpm === 0 ? null : rpm,
        expiresInDays,
        ...(pool === undefined ? {} : { pool }),
      });
      print();
      print(`  API Key:     ${key}`);
      print();
      print(`  ID:          ${virtualKey.id}`);
      print(`  Name:        ${virtualKey.name}`);
      print(`  Rate Limit:  ${limitText(virtualKey.rpmLimit, 'req/min')}`);
      print(`  Expires:     ${expiryText(virtualKey.expiresAt)}`);
      print();
      print('  Save this key now. It will not be shown again!');
    });
  });
