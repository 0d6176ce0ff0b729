import { cp, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { stringify } from 'yaml';
import { startSandbox } from '../../src/sandbox/index.ts';
import type { Sandbox, SandboxCredential } from '../../src/sandbox/index.ts';
import { readLedger } from '../support/oracle.ts';
import type { LedgerRow } from '../support/oracle.ts';
import { runCommand, startServer, temporaryDirectory } from '../support/server-process.ts';
import type { Lifetime } from '../support/server-process.ts';
import { LIMITED_MODEL, call, nothingSeen, runScript } from './script.ts';
import type { Seen } from './script.ts';
import { databaseFiles } from './strace.ts';

const fleet: SandboxCredential[] = [1, 2, 3].map((serial) => ({
  name: `cred-${serial}`,
  key: `vck_survival_${serial}_${'x'.repeat(16)}`,
  balanceNano: 1_000_000_000_000n,
}));

/** An upstream that outlives every server, and a virtual key with a budget. */
export interface World {
  sandbox: Sandbox;
  key: string;
  /** Stopped in peace, and never called. */
  clean: Start;
}

/** A data directory to start from, and what was told and stored there before. */
export interface Start {
  dataDir: string;
  /** Somebody reads all the time, so that the log is not removed. */
  isLogHeld: boolean;
  seen: Seen;
  before: LedgerRow[];
}

export async function createWorld(): Promise<World> {
  const sandbox = await startSandbox({ credentials: fleet, chunkPaceMs: 1 });
  sandbox.faults.set('cred-1', 'status;code=429;retry-after-ms=200', { model: LIMITED_MODEL });
  const credentials = fleet.map(({ name, key }) => ({
    name,
    provider: 'sandbox',
    api_key: key,
    base_url: `${sandbox.url}/v1`,
  }));
  const dataDir = await temporaryDirectory('file');
  const file = { pools: [{ name: 'default', strategy: 'priority', credentials }] };
  await writeFile(join(dataDir, 'tollgate.yaml'), stringify(file));
  const first = await startServer({ dataDir, lifetime: 'file' });
  await first.stop();
  const [id] = query<{ id: string }>(dataDir, 'select id from virtual_keys');
  const cap = ['set-budget', '--key', id?.id ?? '', '--cap', '5'];
  const set = await runCommand(cap, { TOLLGATE_DATA_DIR: dataDir });
  if (set.code !== 0 || first.key === null) throw new Error(set.stderr);
  return {
    sandbox,
    key: first.key,
    clean: { dataDir, isLogHeld: false, seen: nothingSeen(), before: [] },
  };
}

export function query<T>(dataDir: string, sql: string): T[] {
  const database = new Database(databaseFiles(dataDir).main, { readonly: true });
  try {
    return database.prepare<[], T>(sql).all();
  } finally {
    database.close();
  }
}

/** As it lies there: processes that have it open are not asked. */
export async function copyOf({ dataDir }: Start, lifetime: Lifetime = 'test'): Promise<string> {
  const copy = await temporaryDirectory(lifetime);
  for (const name of await readdir(dataDir)) {
    // The index belongs to processes that have the files open; a crash leaves none worth having.
    if (!name.endsWith('-shm')) await cp(join(dataDir, name), join(copy, name));
  }
  return copy;
}

/** A configuration, and nothing else yet. */
export async function neverStarted({ clean }: World): Promise<Start> {
  const dataDir = await temporaryDirectory('file');
  await cp(join(clean.dataDir, 'tollgate.yaml'), join(dataDir, 'tollgate.yaml'));
  return { dataDir, isLogHeld: false, seen: nothingSeen(), before: [] };
}

const UNDER_WAY = 3;

/** Killed with calls on record, calls under way, and all of it in the log alone. */
export async function killedUnderLoad({ key, clean }: World): Promise<Start> {
  const dataDir = await copyOf(clean, 'file');
  const seen = nothingSeen();
  const server = await startServer({ dataDir, lifetime: 'file' });
  const target = { url: server.url, key, seen };
  await runScript(target);
  const answered = seen.heads.length;
  const endless = { body: { stream: true }, headers: { 'x-sandbox-fault': 'endless-stream;ms=5' } };
  const broken = Array.from({ length: UNDER_WAY }, () => call(target, endless));
  while (seen.heads.length < answered + UNDER_WAY) {
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
  await server.stop('SIGKILL');
  await Promise.all(broken);
  const before = readLedger(databaseFiles(dataDir).main);
  return { dataDir, isLogHeld: false, seen, before };
}

/** Short of the number of frames at which the ledger's writer copies the log (checkpoints.ts). */
const LONG_LOG_FRAMES = 3990;

/** With a log so long that some calls later it is copied to the main file. */
export async function withLongLog({ clean }: World, frames = LONG_LOG_FRAMES): Promise<Start> {
  const dataDir = await copyOf(clean, 'file');
  const holder = holdLog(dataDir);
  const writer = new Database(databaseFiles(dataDir).main);
  writer.pragma('synchronous = OFF');
  writer.pragma('wal_autocheckpoint = 0');
  // Each is a commit of one page, and of a number that nobody reads.
  for (let frame = 1; frame <= frames; frame += 1) writer.pragma(`user_version = ${frame}`);
  writer.close();
  holder.release();
  return { dataDir, isLogHeld: true, seen: nothingSeen(), before: [] };
}

export interface Holder {
  release(): void;
}

/**
 * Who closes the file last removes the log: not while this is held, nor by its own release. As a reader
 * it stays at the state of now, and all that comes after must be kept in the log.
 */
export function holdLog(dataDir: string, isReader = false): Holder {
  const holder = new Database(databaseFiles(dataDir).main, { readonly: true });
  if (isReader) holder.exec('begin');
  holder.prepare('select count(*) from holds').get();
  return { release: () => holder.close() };
}
