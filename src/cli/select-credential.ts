import { nameOf } from '../services/credential-named.ts';
import { command, configOf, onCredential, withWorkspace } from './command.ts';
import { Flags } from './flags.ts';
import { print } from './print.ts';
import { CLI } from '../services/actor.ts';

/** The one strategy that asks who is selected. */
const STRATEGY = 'selected_then_rotate';

export const selectCredential = onCredential(
  command(
    'select-credential',
    `Send a pool's calls to this credential first (${STRATEGY}). A running server follows within a second.`,
  ),
).action(async (_options, self) => {
  const flags = new Flags(self, 1);
  const credential = flags.argument('<credential>');
  const config = configOf(flags);
  await withWorkspace(config, async ({ credentials }) => {
    const selected = await credentials.select(CLI, { credential });
    print(`Selected: ${nameOf(selected)}`);
    const { name, strategy } = selected.pool;
    if (strategy !== STRATEGY) {
      print(`  ${name} goes by ${strategy}, which asks for no selection.`);
    }
  });
});
