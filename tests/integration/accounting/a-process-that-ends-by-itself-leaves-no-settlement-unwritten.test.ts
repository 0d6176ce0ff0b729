import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from '@jest/globals';
import { aHold, aRecord, connect, emptyBooks } from '../../support/ledger-books.ts';
import { PATIENCE_MS } from '../../support/patience.ts';

const built = new URL('../../../dist/src/', import.meta.url);
const run = promisify(execFile);

/** What of a draft survives JSON, and its amounts. */
const literal = (value: object): string =>
  JSON.stringify(value, (_key, field: unknown) =>
    typeof field === 'bigint' ? `${field}n` : field,
  ).replaceAll(/"(\d+n)"/g, '$1');

test('without a close, after its last line of code', async () => {
  const { dataDir, file } = await emptyBooks();
  const hold = aHold();
  const program = `
    import { Ledger } from '${new URL('accounting/ledger/ledger.js', built).href}';
    import { systemClock } from '${new URL('lib/clock.js', built).href}';
    const ledger = new Ledger({
      file: ${JSON.stringify(file)}, owner: 'child', clock: systemClock,
      logger: console, onFatal: (reason) => { throw new Error(reason); },
    });
    await ledger.hold(${literal(hold)});
    ledger.settle(${literal(aRecord(hold))});
  `;
  const script = join(dataDir, 'program.mjs');
  await writeFile(script, program);
  await run(process.execPath, [script], { timeout: PATIENCE_MS });
  const database = connect(file);
  expect(database.prepare('select id, cost_nano from usage_records').all()).toEqual([
    { id: hold.id, cost_nano: 4500 },
  ]);
  expect(database.prepare('select id from holds').all()).toEqual([]);
});
