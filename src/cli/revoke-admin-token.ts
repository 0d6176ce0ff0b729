import { CLI } from '../services/actor.ts';
import { command, configOf, onDataDir, withWorkspace } from './command.ts';
import { Flags } from './flags.ts';
import { print } from './print.ts';

export const revokeAdminToken = onDataDir(
  command(
    'revoke-admin-token',
    'Revoke a token for the control plane. A running server knows within a second.',
  ),
)
  .usage('<id or name> [options]')
  .action(async (_options, self) => {
    const flags = new Flags(self, 1);
    const id = flags.argument('<id or name>');
    const config = configOf(flags);
    await withWorkspace(config, async ({ tokens }) => {
      const token = await tokens.revoke(CLI, id);
      print(`Admin token revoked: ${token.id}`);
      print(`  Name:        ${token.name}`);
    });
  });
