import { verifyLedger } from '../accounting/ledger/verify.ts';
import { isServed } from '../database.ts';
import { usdFromNano } from '../lib/money.ts';
import { openSqlite } from '../lib/sqlite.ts';
import { command, configOf, onDataDir, withWorkspace } from './command.ts';
import { Flags } from './flags.ts';
import { print } from './print.ts';

const verify = onDataDir(
  command('verify', 'Prove that records, roll-ups and holds agree. Exits with 1 when they do not.'),
).action(async (_options, self) => {
  const config = configOf(new Flags(self));
  await withWorkspace(config, async ({ file }) => {
    const isServing = isServed(config.dataDir);
    const database = openSqlite(file);
    try {
      const { records, costNano, openHolds, findings } = verifyLedger(database, isServing);
      print(`Records     ${records}`);
      print(`Charged     $${usdFromNano(costNano)}`);
      print(`Open holds  ${openHolds}${isServing ? ' (calls under way)' : ''}`);
      for (const finding of findings) print(`  - ${finding}`);
      print(findings.length === 0 ? 'The books balance.' : 'The books do NOT balance.');
      if (findings.length > 0) process.exitCode = 1;
    } finally {
      database.close();
    }
  });
});

export const ledger = command('ledger', 'Work on the ledger.').addCommand(verify);
