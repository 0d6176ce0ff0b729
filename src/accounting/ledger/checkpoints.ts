import type { Database, Statement } from 'better-sqlite3';

/**
 * Frames of the log at which it is copied to the main file. The same few pages are written over and
 * over: copied less often, they cost less.
 */
const FRAMES = 4000;
/** A log that cannot be begun anew is tried again whenever it has grown by so much. */
const GROWTH_FRAMES = 250;
/** Some 64 MB: no traffic makes so much before it can be begun anew, only a reader that stays. */
const ALARM_FRAMES = 16_000;
/** A log that had to grow is cut to this once it can be begun anew. */
const KEPT_BYTES = 2 ** 25;
const FRAME_BYTES = 4096 + 24;

/** A line for the log of the process; with the code of SQLite where something failed. */
export interface LogNotice {
  level: 'info' | 'warn' | 'error';
  text: string;
  megabytes?: number;
  code?: string;
  reason?: string;
}

interface LogState {
  /** Frames in the log. */
  log: number;
}

/**
 * Keeps the write-ahead log short. Ours instead of SQLite's own checkpoints, which delay the commit
 * that brings them about, and whose failures nobody hears of.
 */
export class Checkpoints {
  readonly #look: Statement<[], LogState>;
  readonly #copy: Statement<[], LogState>;
  #dueFrames = FRAMES;
  #alarmFrames = ALARM_FRAMES;

  constructor(database: Database) {
    database.pragma('wal_autocheckpoint = 0');
    database.pragma(`journal_size_limit = ${KEPT_BYTES}`);
    this.#look = database.prepare('pragma wal_checkpoint(NOOP)');
    this.#copy = database.prepare('pragma wal_checkpoint(PASSIVE)');
  }

  /** To be called after each commit; null when there is nothing to tell. */
  afterCommit(): LogNotice | null {
    try {
      return this.#keepShort();
    } catch (error) {
      const { code = 'UNKNOWN', message: reason = '' } = error as Partial<NodeJS.ErrnoException>;
      return { level: 'error', text: 'the write-ahead log could not be copied', code, reason };
    }
  }

  #keepShort(): LogNotice | null {
    const frames = this.#look.get()?.log ?? 0;
    if (frames < FRAMES) return this.#begunAnew();
    if (frames < this.#dueFrames) return null;
    this.#dueFrames = frames + GROWTH_FRAMES;
    // Copies what no reader still needs in the log, and waits for nobody.
    this.#copy.get();
    if (frames < this.#alarmFrames) return null;
    this.#alarmFrames = frames * 2;
    return {
      level: 'warn',
      text: 'the write-ahead log grows: some process reads an old state of the database',
      megabytes: Math.round((frames * FRAME_BYTES) / 1e6),
    };
  }

  #begunAnew(): LogNotice | null {
    const wasLong = this.#alarmFrames > ALARM_FRAMES;
    this.#dueFrames = FRAMES;
    this.#alarmFrames = ALARM_FRAMES;
    return wasLong ? { level: 'info', text: 'the write-ahead log is short again' } : null;
  }
}
