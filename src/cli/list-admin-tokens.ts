import type { AdminToken } from '../entities/admin-token.ts';
import { CLI } from '../services/actor.ts';
import { command, configOf, onDataDir, withWorkspace } from './command.ts';
import { Flags } from './flags.ts';
import { expiryText, timeText } from './key-texts.ts';
import { print, table } from './print.ts';

const HEADINGS = ['ID', 'Name', 'Token', 'Role', 'Status', 'Expires', 'Created', 'By'];

export const listAdminTokens = onDataDir(
  command('list-admin-tokens', 'List all tokens for the control plane by name.'),
).action(async (_options, self) => {
  const config = configOf(new Flags(self));
  await withWorkspace(config, async ({ clock, tokens }) => {
    const all = await tokens.list(CLI);
    if (all.length === 0) {
      print('No admin tokens found.');
      return;
    }
    const rows = all.map((token) => [
      token.id,
      token.name,
      token.hint,
      token.role,
      statusText(token, clock.now()),
      expiryText(token.expiresAt),
      timeText(token.createdAt),
      token.createdBy,
    ]);
    print(table(HEADINGS, rows));
    print(`Total: ${all.length} token(s)`);
  });
});

function statusText({ revokedAt, expiresAt }: AdminToken, nowMs: number): string {
  if (revokedAt !== null) return 'Revoked';
  return expiresAt !== null && expiresAt.getTime() <= nowMs ? 'Expired' : 'Active';
}
