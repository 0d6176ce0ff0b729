import type { Clock } from '../lib/clock.ts';
import { SseOverflowError, SseSplitter } from '../lib/sse.ts';
import type { Endpoint } from './endpoints/endpoint.ts';
import { errorInAnswer } from './error-in-answer.ts';
import type { AnswerError } from './error-in-answer.ts';
import type { Exchange, Failure } from './exchange.ts';
import { parseObject } from './usage-readers.ts';

/** What a successful head turned out to be, before any of it reached the client. */
export type Opened =
  /** Its first event is content; all of it is back in the exchange. */
  | { form: 'stream' }
  /** Whole JSON; with a failure only when its client left, or lost its key, in the middle of it. */
  | { form: 'whole'; body: Buffer; failure: Failure | null }
  /** Anything else, to be passed through; JSON too long to be held back is one. */
  | { form: 'opaque'; isJson: boolean }
  /** An error in the place of an answer. */
  | { form: 'error'; error: AnswerError; body: Buffer }
  /** Not what the endpoint answers: a page of somebody in between, or compressed. */
  | { form: 'unreadable' }
  | { form: 'failed'; failure: Failure };

/**
 * How long a stream may be silent before its client must hear something (null: for ever): then it
 * begins, although its first event could still have been an error.
 */
export interface Patience {
  clock: Clock;
  ms: number | null;
}

/** What was asked for. */
interface Expected {
  endpoint: Endpoint;
  patience: Patience;
  /** An event stream rather than JSON. */
  isStream?: boolean;
}

/** JSON up to here is held back until it is whole, so that a cut one is an error, not half an answer. */
const WHOLE_BYTES_MAX = 256 * 1024;
/** So much of a stream is looked at for its first event; comments may go on longer than that. */
const PEEK_BYTES_MAX = 64 * 1024;

/**
 * Reads as much of an answer as it takes to know what it is: an error may come in a 200, as JSON or
 * as the first event of a stream, when another credential could still serve.
 */
export async function openAnswer(exchange: Exchange, expected: Expected): Promise<Opened> {
  const { endpoint, isStream = false } = expected;
  const coding = exchange.headers['content-encoding'] ?? 'identity';
  // Compressed though we asked for none: its usage cannot be read, and the client did not ask either.
  if (coding !== 'identity' && coding !== '') return { form: 'unreadable' };
  const type = (exchange.headers['content-type'] ?? '').toLowerCase();
  if (type.startsWith('text/event-stream')) return openStream(exchange, expected);
  const isWhole = type.startsWith('application/json');
  // A stream that was asked for may come under the label of what was not.
  if (isWhole && !(isStream && endpoint.isStructured === true))
    return openWhole(exchange, endpoint);
  if (endpoint.isStructured !== true) return { form: 'opaque', isJson: false };
  return openUnlabelled(exchange, expected);
}

/** What a line of an event stream can begin with, but for its byte order mark. */
const FIELDS = [':', 'data:', 'event:', 'id:', 'retry:'];

/** The wrong content type, or none: told by the first characters that are not blank. */
async function openUnlabelled(exchange: Exchange, expected: Expected): Promise<Opened> {
  let size = 0;
  let text = '';
  const { pieces, ending } = await read(exchange, (bytes) => {
    size += bytes.length;
    text = (text + bytes.toString('latin1')).trimStart();
    const couldBe = FIELDS.some((field) => field.length > text.length && field.startsWith(text));
    return !couldBe || size > PEEK_BYTES_MAX;
  });
  if (ending !== 'enough' && ending !== 'ended') return { form: 'failed', failure: ending };
  exchange.putBack(pieces);
  if (/^[{[]/.test(text)) return openWhole(exchange, expected.endpoint);
  if (FIELDS.some((field) => text.startsWith(field))) return openStream(exchange, expected);
  return { form: 'unreadable' };
}

async function openStream(exchange: Exchange, { endpoint, patience }: Expected): Promise<Opened> {
  const splitter = new SseSplitter();
  let size = 0;
  let first: string | undefined;
  const isEnough = (bytes: Buffer) => {
    size += bytes.length;
    first = firstData(splitter, bytes);
    return first !== undefined || size > PEEK_BYTES_MAX;
  };
  const { pieces, ending } = await read(exchange, isEnough, patience);
  if (ending === 'ended' && first === undefined && isJson(Buffer.concat(pieces))) {
    exchange.putBack(pieces);
    return openWhole(exchange, endpoint);
  }
  if (ending !== 'enough' && first === undefined) {
    // Nothing that a client could use came: it ended, or broke off, before its first event.
    return { form: 'failed', failure: ending === 'ended' ? 'lost' : ending };
  }
  const object = first === undefined || !first.includes('error') ? null : parseObject(first);
  const error = errorIn(object, endpoint);
  if (error !== null) return { form: 'error', error, body: Buffer.from(first ?? '') };
  exchange.putBack(pieces);
  return { form: 'stream' };
}

/** One event after the other: a chunk may hold the whole answer, of which only the first is wanted. */
function firstData(splitter: SseSplitter, bytes: Buffer): string | undefined {
  try {
    for (let start = 0; start < bytes.length;) {
      const blank = bytes.indexOf('\n\n', start);
      const end = blank === -1 ? bytes.length : blank + 2;
      for (const event of splitter.push(bytes.subarray(start, end))) {
        if (event.data !== null) return event.data;
      }
      start = end;
    }
  } catch (error) {
    // Too long to look at: the relay deals with it.
    if (error instanceof SseOverflowError) return '';
    throw error;
  }
  return undefined;
}

/** Only where an answer has a form of its own: a stored file may say anything, and be right. */
const errorIn = (
  object: Record<string, unknown> | null,
  { isStructured }: Endpoint,
): AnswerError | null => (object === null || isStructured !== true ? null : errorInAnswer(object));

export function isJson(bytes: Buffer): boolean {
  try {
    JSON.parse(bytes.toString('utf8'));
    return true;
  } catch {
    return false;
  }
}

async function openWhole(exchange: Exchange, endpoint: Endpoint): Promise<Opened> {
  let size = 0;
  const { pieces, ending } = await read(exchange, (bytes) => {
    size += bytes.length;
    return size > WHOLE_BYTES_MAX;
  });
  if (ending === 'enough') {
    exchange.putBack(pieces);
    return { form: 'opaque', isJson: true };
  }
  const [only] = pieces;
  const body = pieces.length === 1 && only !== undefined ? only : Buffer.concat(pieces);
  const isOfClient = ending === 'client_gone' || ending === 'key_revoked';
  if (isOfClient && size > 0) return { form: 'whole', body, failure: ending };
  if (ending !== 'ended') return { form: 'failed', failure: ending };
  const object = body.includes('"error"') ? parseObject(body.toString('utf8')) : null;
  const error = errorIn(object, endpoint);
  return error === null ? { form: 'whole', body, failure: null } : { form: 'error', error, body };
}

/** Pieces until it is enough, the answer ends, or it breaks off. */
function read(
  exchange: Exchange,
  isEnough: (bytes: Buffer) => boolean,
  patience: Patience | null = null,
): Promise<{ pieces: Buffer[]; ending: Failure | 'ended' | 'enough' }> {
  const pieces: Buffer[] = [];
  return new Promise((resolve) => {
    let isOver = false;
    const over = (ending: Failure | 'ended' | 'enough') => {
      isOver = true;
      timer?.cancel();
      if (ending === 'enough') exchange.pause();
      resolve({ pieces, ending });
    };
    const timer =
      patience === null || patience.ms === null
        ? undefined
        : patience.clock.after(patience.ms, () => over('enough'));
    exchange.consume({
      chunk(bytes) {
        pieces.push(bytes);
        if (!isOver && isEnough(bytes)) over('enough');
      },
      end: () => over('ended'),
      fail: over,
    });
  });
}
