import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { afterAll, afterEach } from '@jest/globals';
import Database from 'better-sqlite3';
import { Ledger } from '../../src/accounting/ledger/ledger.ts';
import type { LedgerParts } from '../../src/accounting/ledger/ledger.ts';
import { openDatabase } from '../../src/database.ts';
import type { CallRecord, HoldDraft } from '../../src/entities/call-record.ts';
import { noUsage } from '../../src/entities/usage.ts';
import { newId } from '../../src/lib/ids.ts';
import { createLogger } from '../../src/lib/logger.ts';
import { MovableClock } from './movable-clock.ts';

export { until } from './patience.ts';

const cleanups: (() => unknown)[] = [];

afterEach(async () => {
  for (const cleanup of cleanups.splice(0).toReversed()) await cleanup();
});

const directories: string[] = [];

afterAll(async () => {
  for (const path of directories.splice(0)) await rm(path, { recursive: true, force: true });
});

/** A migrated database in a directory of its own, removed after the last test of the file. */
export async function emptyBooks(): Promise<{ dataDir: string; file: string }> {
  const dataDir = await mkdtemp(join(tmpdir(), 'tollgate-books-'));
  directories.push(dataDir);
  const { orm, file } = await openDatabase(dataDir);
  await orm.close();
  return { dataDir, file };
}

/** A connection of the test's own: to look, to lock, to break things. */
export function connect(file: string): Database.Database {
  const database = new Database(file);
  cleanups.push(() => database.close());
  return database;
}

export interface Books {
  ledger: Ledger;
  clock: MovableClock;
  dataDir: string;
  file: string;
  fatal: string[];
  logs: () => string;
}

/** A ledger of its own, without a gateway; closed after the test. */
export async function openLedger(
  parts: Partial<LedgerParts> & { dataDir?: string } = {},
): Promise<Books> {
  const { dataDir, file } = await emptyBooks();
  const clock = new MovableClock();
  const lines: string[] = [];
  const fatal: string[] = [];
  const destination = new Writable({
    write(chunk: Buffer, _encoding, done) {
      lines.push(chunk.toString());
      done();
    },
  });
  const ledger = new Ledger({
    file,
    owner: 'test',
    clock,
    logger: createLogger({ level: 'trace', destination }),
    onFatal: (reason) => fatal.push(reason),
    ...parts,
  });
  cleanups.push(() => ledger.close());
  return { ledger, clock, dataDir, file, fatal, logs: () => lines.join('') };
}

export function aHold(fields: Partial<HoldDraft> = {}): HoldDraft {
  return {
    id: newId(),
    keyId: 'key-1',
    poolId: 'pool-1',
    userId: '',
    teamId: '',
    endpoint: 'chat.completions',
    model: 'gpt-4o-mini',
    amountNano: 5000n,
    createdAtMs: 1_767_225_600_000,
    expiresAtMs: 1_767_225_660_000,
    ...fields,
  };
}

/** The settlement of a hold. */
export function aRecord(hold: HoldDraft, fields: Partial<CallRecord> = {}): CallRecord {
  return {
    id: hold.id,
    keyId: hold.keyId,
    poolId: hold.poolId,
    userId: hold.userId,
    teamId: hold.teamId,
    credentialId: 'credential-1',
    endpoint: hold.endpoint,
    model: hold.model,
    isStream: false,
    startedAtMs: hold.createdAtMs,
    durationMs: 12,
    firstByteMs: 10,
    status: 200,
    outcome: 'settled',
    reason: 'ok',
    attempts: [{ credential: 'credential-1', status: 200, verdict: 'served', ms: 11 }],
    route: null,
    usage: { ...noUsage(), input: 10, output: 5 },
    usageSource: 'reported',
    costNano: 4500n,
    priceId: 'price-1',
    isPriced: true,
    holdNano: hold.amountNano,
    ...fields,
  };
}
