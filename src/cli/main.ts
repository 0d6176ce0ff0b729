import { Command } from 'commander';
import { ConfigError } from '../config/load.ts';
import { GatewayError } from '../errors/gateway-error.ts';
import { banCredential } from './ban-credential.ts';
import { demo } from './demo/index.ts';
import { createAdminToken } from './create-admin-token.ts';
import { createKey } from './create-key.ts';
import { createTeam } from './create-team.ts';
import { createUser } from './create-user.ts';
import { deleteKey } from './delete-key.ts';
import { explainBudget } from './explain-budget.ts';
import { explain } from './explain.ts';
import { ledger } from './ledger.ts';
import { liftBan } from './lift-ban.ts';
import { listAdminTokens } from './list-admin-tokens.ts';
import { listBudgets } from './list-budgets.ts';
import { listCredentials } from './list-credentials.ts';
import { listKeys } from './list-keys.ts';
import { listTeams } from './list-teams.ts';
import { listUsers } from './list-users.ts';
import { prove } from './prove.ts';
import { raiseBudget } from './raise-budget.ts';
import { removeBudget } from './remove-budget.ts';
import { restoreKey } from './restore-key.ts';
import { revokeAdminToken } from './revoke-admin-token.ts';
import { rotateKey } from './rotate-key.ts';
import { sandbox } from './sandbox.ts';
import { selectCredential } from './select-credential.ts';
import { serve } from './serve.ts';
import { setBudget } from './set-budget.ts';
import { updateKey } from './update-key.ts';
import { updateTeam } from './update-team.ts';
import { updateUser } from './update-user.ts';
import { usage } from './usage.ts';
import { version } from '../version.ts';

// A reader that has seen enough (`| head`) is no error.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  process.exit(error.code === 'EPIPE' ? 0 : 1);
});

const program = new Command('tollgate')
  .description('The AI gateway whose budgets hold.')
  .version(version, '-v, --version', 'show the version')
  .helpOption('-h, --help', 'show this help')
  .helpCommand(false)
  .showHelpAfterError('Run `tollgate --help` for the commands.');
const commands = [
  serve,
  demo,
  sandbox,
  createKey,
  listKeys,
  updateKey,
  rotateKey,
  deleteKey,
  restoreKey,
  createUser,
  listUsers,
  updateUser,
  createTeam,
  listTeams,
  updateTeam,
  createAdminToken,
  listAdminTokens,
  revokeAdminToken,
  setBudget,
  raiseBudget,
  listBudgets,
  explainBudget,
  removeBudget,
  listCredentials,
  banCredential,
  liftBan,
  selectCredential,
  explain,
  usage,
  ledger,
  prove,
];
for (const part of commands) program.addCommand(part);

try {
  await program.parseAsync();
} catch (error) {
  process.stderr.write(`${failureText(error)}\n`);
  process.exitCode = 1;
}

function failureText(error: unknown): string {
  if (error instanceof ConfigError) {
    return [error.message, ...error.mistakes.map((mistake) => `  - ${mistake}`)].join('\n');
  }
  if (error instanceof GatewayError) return error.message;
  const { code, message } = error as NodeJS.ErrnoException;
  if (code === 'EADDRINUSE') return `The address is in use by another program: ${message}`;
  return error instanceof Error ? `Tollgate cannot go on: ${message}` : String(error);
}
