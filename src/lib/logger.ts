import { pino, type DestinationStream, type LevelWithSilent, type Logger } from 'pino';
import { REDACTED } from './secret.ts';

export type { Logger };

const STDERR = 2;
const BUFFER_BYTES = 4096;
const FLUSH_EVERY_MS = 100;

const SECRET_FIELDS = ['authorization', 'Authorization', 'api_key', 'apiKey', 'cookie'];
/** Top level, one below (`headers.authorization`) and two below (`request.headers.authorization`). */
const SECRET_PATHS = ['', '*.', '*.*.'].flatMap((above) => SECRET_FIELDS.map((f) => above + f));

export interface LoggerOptions {
  readonly level: LevelWithSilent;
  /** Standard error unless given. */
  readonly destination?: DestinationStream;
}

/**
 * A logger of JSON lines with ISO time and no process fields. A `Secret` prints as a placeholder
 * wherever it stands, the fields named above up to two levels deep. Line breaks within a value are
 * escaped by JSON, so one call is always one line.
 */
export function createLogger({ level, destination = bufferedStderr() }: LoggerOptions): Logger {
  return pino(
    {
      level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      redact: { paths: SECRET_PATHS, censor: REDACTED },
    },
    destination,
  );
}

/**
 * Written off the caller's path: a quiet server's lines appear within 100 ms, all of them when the
 * process exits. If the reader of the pipe goes away, logging ends and the service does not (both
 * are pino's doing).
 */
function bufferedStderr(): DestinationStream {
  return pino.destination({
    dest: STDERR,
    sync: false,
    minLength: BUFFER_BYTES,
    periodicFlush: FLUSH_EVERY_MS,
  });
}
