import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { recoverHolds } from '../../src/accounting/ledger/recover.ts';
import { verifyLedger } from '../../src/accounting/ledger/verify.ts';
import { openSqlite } from '../../src/lib/sqlite.ts';
import { seededRandom } from '../../src/lib/random.ts';
import { Disk } from './disk.ts';
import { MAIN } from './recording.ts';
import type { Recording } from './recording.ts';
import type { Start } from './world.ts';

const SEED = 20_261_121;
/** A file system in memory, where there is one: the thousands of states need not last. */
const MEMORY = '/dev/shm';

/** What the product makes of the files that a power failure left. */
interface Books {
  recorded: ReadonlySet<string>;
  findings: string[];
}

export interface Verdict {
  /** After which event the power failed. */
  at: number;
  /** Ids of calls that were answered before, and are not on record. */
  lost: string[];
  /** What else is wrong with the books. */
  findings: string[];
}

/** So many events before and after a write to the main file are looked at closely. */
const NEAR = 12;

/**
 * Lets the power fail after each event of a recording, and opens what a disk may have then. With
 * `isOnlyNear` only about the times when the log is copied to the main file.
 */
export async function* replay(
  { files, events }: Recording,
  start: Start,
  isOnlyNear = false,
): AsyncGenerator<Verdict> {
  const home = existsSync(MEMORY) ? MEMORY : tmpdir();
  const directory = await mkdtemp(join(home, 'tollgate-replay-'));
  const disk = new Disk(files, seededRandom(SEED));
  const answered = new Set([...start.seen.heads, ...start.before.map(({ id }) => id)]);
  const known = new Map<string, Books>();
  let books: Books[] = [];
  const isNear = (at: number) =>
    events
      .slice(Math.max(0, at - NEAR), at + NEAR)
      .some((event) => event.kind === 'write' && event.file === MAIN);
  try {
    for (const [at, event] of events.entries()) {
      disk.apply(event);
      if (event.kind === 'answer') answered.add(event.id);
      else if (isOnlyNear && !isNear(at)) books = [];
      else books = await booksOf(disk, directory, known);
      for (const { recorded, findings } of books) {
        yield { at, lost: [...answered].filter((id) => !recorded.has(id)), findings };
      }
    }
  } finally {
    await rm(directory, { recursive: true });
  }
}

async function booksOf(disk: Disk, directory: string, known: Map<string, Books>): Promise<Books[]> {
  const found: Books[] = [];
  for (const { key, files } of disk.remains()) {
    const books = known.get(key ?? '') ?? (await open(directory, files()));
    if (key !== null) known.set(key, books);
    found.push(books);
  }
  return found;
}

/** Recovery and proof by the product itself, as at its next start. */
async function open(directory: string, files: Map<string, Buffer>): Promise<Books> {
  await rm(directory, { recursive: true });
  await mkdir(directory);
  for (const [name, bytes] of files) await writeFile(join(directory, name), bytes);
  try {
    const database = openSqlite(join(directory, MAIN));
    try {
      recoverHolds(database, 0);
      const { findings } = verifyLedger(database, false);
      const ids = database.prepare<[], string>('select id from usage_records').pluck().all();
      return { recorded: new Set(ids), findings };
    } finally {
      database.close();
    }
  } catch (error) {
    return { recorded: new Set(), findings: [`cannot be opened: ${String(error)}`] };
  }
}
