import { verifyLedger } from '../accounting/ledger/verify.ts';
import { isServed } from '../database.ts';
import { openSqlite } from '../lib/sqlite.ts';
import { command, configOf, onDataDir, withWorkspace } from './command.ts';
import { verificationLines } from './correction-texts.ts';
import { Flags } from './flags.ts';
import { adjust } from './ledger-adjust.ts';
import { reprice } from './ledger-reprice.ts';
import { print } from './print.ts';
import { CLI } from '../services/actor.ts';

const verify = onDataDir(
  command('verify', 'Prove that records, roll-ups and holds agree. Exits with 1 when they do not.'),
).action(async (_options, self) => {
  const config = configOf(new Flags(self));
  await withWorkspace(config, async ({ file }) => prove(file, isServed(config.dataDir)));
});

const rebuild = onDataDir(
  command('rebuild', 'Make the roll-ups anew from the records, then verify. No server may run.'),
).action(async (_options, self) => {
  const config = configOf(new Flags(self));
  await withWorkspace(config, async ({ corrections, file }) => {
    const { usage, spend } = await corrections.rebuild(CLI);
    print(`Rebuilt: ${usage} sums of usage, ${spend} of spending.`);
    prove(file, false);
  });
});

function prove(file: string, isServing: boolean): void {
  const database = openSqlite(file);
  try {
    const verified = verifyLedger(database, isServing);
    for (const line of verificationLines(verified, isServing)) print(line);
    if (verified.findings.length > 0) process.exitCode = 1;
  } finally {
    database.close();
  }
}

export const ledger = command('ledger', 'Work on the ledger.')
  .addCommand(verify)
  .addCommand(reprice)
  .addCommand(adjust)
  .addCommand(rebuild);
