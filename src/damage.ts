import { statSync } from 'node:fs';
import { openToLook } from './lib/sqlite.ts';

/** Reading so much takes a second or so; of more, only what a start depends on is checked. */
const WHOLE_CHECK_BYTES = 2 ** 28;
/** They grow for ever, and only reports read their old rows. `tollgate ledger verify` checks all. */
const GROWING = new Set(['usage_records', 'usage_totals', 'events']);

/** The database cannot be used as it is. Whoever throws it has changed nothing. */
export const damaged = (file: string, what: string): Error =>
  new Error(
    `the database ${file} is damaged: ${what}.\n` +
      `It is left as it is. Put a backup in its place and remove ${file}-wal,\n` +
      `or save what can be read: sqlite3 ${file} .recover | sqlite3 recovered.db`,
  );

export const missing = (file: string, isThere: boolean): Error =>
  new Error(
    `the database ${file} is ${isThere ? 'empty' : 'gone'}, but this data directory had one.\n` +
      'It is not made anew: a new one would know no key and no call. Put a backup in its place;\n' +
      'to begin anew, use another data directory.',
  );

/** What SQLite says of a file that it cannot make sense of; null for errors of another kind. */
export function damageIn(error: unknown): string | null {
  const { code, message } = error as { code?: unknown; message?: unknown };
  return typeof code === 'string' && /^SQLITE_(?:CORRUPT|NOTADB)/.test(code)
    ? String(message)
    : null;
}

/** Reads the file from end to end, and changes nothing; null when it is sound. */
export function damageOf(file: string): string | null {
  const database = openToLook(file);
  const check = (part: string) =>
    database.prepare<[], string>(`pragma quick_check${part}`).pluck().get() ?? 'ok';
  try {
    const isWhole = statSync(file).size <= WHOLE_CHECK_BYTES;
    const tables = database
      .prepare<[], string>(`select name from sqlite_schema where type = 'table'`)
      .pluck()
      .all();
    const parts = tables.filter((name) => !GROWING.has(name)).map((name) => `("${name}")`);
    const findings = (isWhole ? [''] : parts).map(check);
    return findings.find((finding) => finding !== 'ok') ?? null;
  } catch (error) {
    const damage = damageIn(error);
    if (damage === null && !isUnfinished(error)) throw error;
    return damage;
  } finally {
    database.close();
  }
}

/** A first start that died has left a journal that only a writer can roll back: the next start does. */
const isUnfinished = (error: unknown): boolean =>
  (error as { code?: unknown }).code === 'SQLITE_READONLY_ROLLBACK';
