import { usdFromNano } from '../lib/money.ts';
import { usageByKeyAndModel } from '../services/usage.ts';
import { command, configOf, onDataDir, withWorkspace } from './command.ts';
import { Flags, whole } from './flags.ts';
import { print, table } from './print.ts';

const DAY_MS = 86_400_000;

export const usage = onDataDir(command('usage', 'Show what was spent, by virtual key and model.'))
  .option('-d, --days <number>', 'only the last so many days (all)')
  .action(async (_options, self) => {
    const flags = new Flags(self);
    const days = flags.read('days', whole(1, 36_500));
    const config = configOf(flags);
    await withWorkspace(config, async ({ orm, clock }) => {
      const sinceMs = days === undefined ? 0 : clock.now() - days * DAY_MS;
      const lines = await usageByKeyAndModel(orm.em, sinceMs);
      if (lines.length === 0) {
        print('Nothing was used.');
        return;
      }
      const rows = lines.map((line) => [
        line.key,
        line.model || '(none)',
        String(line.calls),
        String(line.inputTokens),
        String(line.outputTokens),
        `$${usdFromNano(line.costNano)}`,
      ]);
      print(table(['Key', 'Model', 'Calls', 'Input tokens', 'Output tokens', 'Cost'], rows));
      const total = lines.reduce((sum, line) => sum + line.costNano, 0n);
      print(`Total: $${usdFromNano(total)}`);
    });
  });
