/** The log's index had no room to grow. It is rebuilt from the log at need: nothing is lost with it. */
const NO_ROOM_FOR_INDEX = 'SQLITE_IOERR_SHMSIZE';

/**
 * Whether the process must end: after a failed read, write or sync, what is on disk cannot be trusted
 * by who was told of the failure. A full disk or another's lock is no such fault: the store is as it
 * was, and is tried again.
 */
export const isBeyondTrust = (code: string): boolean =>
  /IOERR|CORRUPT|NOTADB/.test(code) && code !== NO_ROOM_FOR_INDEX;

/** Whether a sum has left the 64-bit integers that SQLite counts in. */
export function isOverflow(error: unknown): boolean {
  const { code, message } = error as { code?: unknown; message?: unknown };
  return code === 'SQLITE_ERROR' && message === 'integer overflow';
}
