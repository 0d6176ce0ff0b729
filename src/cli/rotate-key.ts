import { command, configOf, onDataDir, withWorkspace } from './command.ts';
import { duration, Flags } from './flags.ts';
import { timeText } from './key-texts.ts';
import { print } from './print.ts';
import { CLI } from '../services/actor.ts';

export const rotateKey = onDataDir(
  command('rotate-key', 'Give a virtual key a new secret and show it, once. Its id stays.'),
)
  .usage('<id> [options]')
  .option('--overlap <duration>', 'how long the old secret still works, such as 24h (not at all)')
  .action(async (_options, self) => {
    const flags = new Flags(self, 1);
    const id = flags.argument('<id>');
    const overlapMs = flags.read('overlap', duration);
    const config = configOf(flags);
    await withWorkspace(config, async ({ keys }) => {
      const { key, virtualKey } = await keys.rotate(CLI, id, { overlapMs });
      const until = virtualKey.previousUntil;
      print();
      print(`  API Key:     ${key}`);
      print();
      print(`  ID:          ${virtualKey.id}`);
      print(`  Name:        ${virtualKey.name}`);
      print(
        `  Old key:     ${until === null ? 'refused from now on' : `works until ${timeText(until)}`}`,
      );
      print();
      print('  Save this key now. It will not be shown again!');
    });
  });
