const LF = 0x0a;
const CR = 0x0d;
const SPACE = 0x20;
const COLON = 0x3a;
const BOM = Buffer.from([0xef, 0xbb, 0xbf]);
const DATA = Buffer.from('data');
const EVENT = Buffer.from('event');

const EVENT_BYTES_MAX = 4 * 1024 * 1024;
const STORAGE_BYTES_MIN = 512;
const NO_BYTES = Buffer.alloc(0);
const NO_EVENTS: readonly SseEvent[] = Object.freeze([]);

/** One event grew past the limit of the splitter, which is of no further use. */
export class SseOverflowError extends Error {
  override readonly name = 'SseOverflowError';

  constructor(eventBytesMax: number) {
    super(`an event of the stream is longer than ${eventBytesMax} bytes`);
  }
}

/**
 * The bytes up to and including one blank line. Fields are read when first asked for, so an event
 * that only passes through costs no decoding.
 */
export class SseEvent {
  /** Exactly as received. A view: valid as long as the chunk that it came in is left alone. */
  readonly raw: Buffer;
  readonly #fieldsStart: number;
  #isRead = false;
  #data: string | null = null;
  #event: string | null = null;

  /** @param fieldsStart bytes to skip before the first line */
  constructor(raw: Buffer, fieldsStart = 0) {
    this.raw = raw;
    this.#fieldsStart = fieldsStart;
  }

  /** The data lines joined by LF; null if there is none, as in a comment. */
  get data(): string | null {
    this.#read();
    return this.#data;
  }

  /** The event type; null where the standard says `message`. */
  get event(): string | null {
    this.#read();
    return this.#event;
  }

  #read(): void {
    if (this.#isRead) return;
    this.#isRead = true;
    const { raw } = this;
    const ends = new LineEnds(raw);
    for (let start = this.#fieldsStart; start < raw.length;) {
      const end = ends.next(start);
      if (isField(raw, DATA, start)) {
        const value = fieldValue(raw, start + DATA.length, end);
        this.#data = this.#data === null ? value : `${this.#data}\n${value}`;
      } else if (isField(raw, EVENT, start)) {
        this.#event = fieldValue(raw, start + EVENT.length, end) || null;
      }
      start = end + 1;
    }
  }
}

/**
 * Splits a `text/event-stream` (WHATWG HTML §9.2) into events wherever the chunks are cut. The raw
 * bytes of all events and `rest()` are, in order, exactly the input. Every blank line ends an
 * event, at once: if it ends in CR and the LF comes later, that LF is an event of its own without
 * data. Time is linear in the input; what is unfinished is copied, so chunks may be reused.
 */
export class SseSplitter {
  readonly #eventBytesMax: number;
  #storage: Buffer = NO_BYTES;
  #storedBytes = 0;
  #isFirst = true;
  /** No byte of the current line has been seen. */
  #isLineStart = true;
  /** The last byte was a CR, of which a following LF is a part. */
  #isAfterCr = false;

  /** @param options.eventBytesMax of one event with its blank line; 4 MiB unless given */
  constructor(options: { readonly eventBytesMax?: number } = {}) {
    this.#eventBytesMax = options.eventBytesMax ?? EVENT_BYTES_MAX;
  }

  /** The events that this chunk completes. @throws SseOverflowError */
  push(chunk: Buffer): readonly SseEvent[] {
    if (chunk.length === 0) return NO_EVENTS;
    const events: SseEvent[] = [];
    const ends = new LineEnds(chunk);
    let start = 0;
    let at = 0;
    if (this.#isAfterCr && chunk[0] === LF) {
      at = 1;
      if (this.#storedBytes === 0) {
        events.push(this.#finish(chunk, 0, 1));
        start = 1;
      }
    }
    this.#isAfterCr = false;
    while (at < chunk.length) {
      const end = ends.next(at);
      const isBlank = this.#isLineStart && end === at;
      this.#isLineStart = end < chunk.length;
      if (end === chunk.length) break;
      at = end + 1;
      if (chunk[end] === CR) {
        if (at === chunk.length) this.#isAfterCr = true;
        else if (chunk[at] === LF) at += 1;
      }
      if (isBlank) {
        events.push(this.#finish(chunk, start, at));
        start = at;
      }
    }
    if (start < chunk.length) this.#store(chunk, start, chunk.length);
    return events.length === 0 ? NO_EVENTS : events;
  }

  /** The bytes of the unfinished event: empty after a stream that was not cut. */
  rest(): Buffer {
    return this.#storage.subarray(0, this.#storedBytes);
  }

  #finish(chunk: Buffer, start: number, end: number): SseEvent {
    const raw = this.#take(chunk, start, end);
    const fieldsStart = this.#isFirst && startsWith(raw, BOM, 0) ? BOM.length : 0;
    this.#isFirst = false;
    return new SseEvent(raw, fieldsStart);
  }

  #take(chunk: Buffer, start: number, end: number): Buffer {
    if (this.#storedBytes === 0) {
      if (end - start > this.#eventBytesMax) throw new SseOverflowError(this.#eventBytesMax);
      return chunk.subarray(start, end);
    }
    this.#store(chunk, start, end);
    const raw = this.rest();
    this.#storage = NO_BYTES;
    this.#storedBytes = 0;
    return raw;
  }

  /** Doubling keeps the copying linear however small the chunks are. */
  #store(chunk: Buffer, start: number, end: number): void {
    const bytes = this.#storedBytes + end - start;
    if (bytes > this.#eventBytesMax) throw new SseOverflowError(this.#eventBytesMax);
    if (bytes > this.#storage.length) {
      const grown = Buffer.allocUnsafe(Math.max(bytes * 2, STORAGE_BYTES_MIN));
      this.#storage.copy(grown, 0, 0, this.#storedBytes);
      this.#storage = grown;
    }
    chunk.copy(this.#storage, this.#storedBytes, start, end);
    this.#storedBytes = bytes;
  }
}

/** The next CR or LF by native search; each byte is searched at most once for either. */
class LineEnds {
  readonly #bytes: Buffer;
  #lf = -1;
  #cr = -1;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  /** Offset of the first line end at or after `from`, which never decreases; the length if none. */
  next(from: number): number {
    const first = this.#bytes[from];
    if (first === LF || first === CR) return from;
    if (this.#lf < from) this.#lf = this.#search(LF, from);
    if (this.#cr < from) this.#cr = this.#search(CR, from);
    return Math.min(this.#lf, this.#cr);
  }

  #search(byte: number, from: number): number {
    const found = this.#bytes.indexOf(byte, from);
    return found === -1 ? this.#bytes.length : found;
  }
}

function startsWith(bytes: Buffer, name: Buffer, at: number): boolean {
  for (let index = 0; index < name.length; index += 1) {
    if (bytes[at + index] !== name[index]) return false;
  }
  return true;
}

/** A field name stands alone on its line or before a colon. */
function isField(bytes: Buffer, name: Buffer, at: number): boolean {
  if (!startsWith(bytes, name, at)) return false;
  const next = bytes[at + name.length];
  return next === COLON || next === LF || next === CR;
}

/** `from` is at the colon, or at the end of a line that has none. One leading space is dropped. */
function fieldValue(bytes: Buffer, from: number, end: number): string {
  if (from >= end) return '';
  return bytes.toString('utf8', from + (bytes[from + 1] === SPACE ? 2 : 1), end);
}
