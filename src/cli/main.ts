import { Command } from 'commander';
import { ConfigError } from '../config/load.ts';
import { GatewayError } from '../errors/gateway-error.ts';
import { banCredential } from './ban-credential.ts';
import { createKey } from './create-key.ts';
import { explain } from './explain.ts';
import { ledger } from './ledger.ts';
import { liftBan } from './lift-ban.ts';
import { listCredentials } from './list-credentials.ts';
import { listKeys } from './list-keys.ts';
import { sandbox } from './sandbox.ts';
import { selectCredential } from './select-credential.ts';
import { serve } from './serve.ts';
import { updateKey } from './update-key.ts';
import { usage } from './usage.ts';

// A reader that has seen enough (`| head`) is no error.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  process.exit(error.code === 'EPIPE' ? 0 : 1);
});

const program = new Command('tollgate')
  .description('The AI gateway whose budgets hold.')
  .version('0.1.0', '-v, --version', 'show the version')
  .helpOption('-h, --help', 'show this help')
  .helpCommand(false)
  .showHelpAfterError('Run `tollgate --help` for the commands.');
const commands = [
  serve,
  sandbox,
  createKey,
  listKeys,
  updateKey,
  listCredentials,
  banCredential,
  liftBan,
  selectCredential,
  explain,
  usage,
  ledger,
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
