import { CLI } from '../services/actor.ts';
import { command, configOf, onDataDir, withWorkspace } from './command.ts';
import { explanationLines } from './explanation-lines.ts';
import { Flags } from './flags.ts';
import { print } from './print.ts';

export const explain = onDataDir(
  command('explain', 'Tell what became of a call and why, by its x-request-id.'),
)
  .usage('<request-id> [options]')
  .action(async (_options, self) => {
    const flags = new Flags(self, 1);
    const id = flags.argument('<request-id>');
    const config = configOf(flags);
    await withWorkspace(config, async ({ requests }) => {
      for (const line of explanationLines(await requests.explain(CLI, id))) print(line);
    });
  });
