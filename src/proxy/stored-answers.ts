import type { Clock } from '../lib/clock.ts';

/** A whole answer that can be given again. */
export interface StoredAnswer {
  /** Of the request that it answers. */
  readonly fingerprint: string;
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

export interface StoredAnswersLimits {
  clock: Clock;
  entriesMax: number;
  bytesMax: number;
  keepMs: number;
}

interface Entry {
  answer: StoredAnswer;
  sizeBytes: number;
  /** Monotonic. */
  dueMs: number;
}

/**
 * Answers by scope, within bounds: the oldest go first. Answers still being recorded count too, so
 * that no number of calls at once can take more than `bytesMax`. Needs no timer: what is too old
 * goes when the next answer is looked for or comes in.
 */
export class StoredAnswers {
  readonly #limits: StoredAnswersLimits;
  /** In the order of their storing, which is that of their due times. */
  readonly #entries = new Map<string, Entry>();
  #storedBytes = 0;
  #heldBytes = 0;

  constructor(limits: StoredAnswersLimits) {
    this.#limits = limits;
  }

  /** Of the answers stored and of those being recorded. */
  get bytes(): number {
    return this.#storedBytes + this.#heldBytes;
  }

  find(scope: string): StoredAnswer | undefined {
    this.#forgetExpired();
    return this.#entries.get(scope)?.answer;
  }

  store(scope: string, answer: StoredAnswer): void {
    const { clock, keepMs, entriesMax } = this.#limits;
    const sizeBytes = sizeOf(scope, answer);
    this.#forgetExpired();
    this.#forget(scope);
    if (entriesMax < 1 || !this.#makeRoom(sizeBytes)) return;
    while (this.#entries.size >= entriesMax) this.#forgetOldest();
    this.#entries.set(scope, { answer, sizeBytes, dueMs: clock.monotonic() + keepMs });
    this.#storedBytes += sizeBytes;
  }

  /** Takes room for a recording, from the oldest answers if need be; false when there is none. */
  hold(bytes: number): boolean {
    if (!this.#makeRoom(bytes)) return false;
    this.#heldBytes += bytes;
    return true;
  }

  free(bytes: number): void {
    this.#heldBytes -= bytes;
  }

  #makeRoom(bytes: number): boolean {
    if (this.#heldBytes + bytes > this.#limits.bytesMax) return false;
    while (this.bytes + bytes > this.#limits.bytesMax) this.#forgetOldest();
    return true;
  }

  #forgetExpired(): void {
    const nowMs = this.#limits.clock.monotonic();
    for (const [scope, { dueMs }] of this.#entries) {
      if (dueMs > nowMs) return;
      this.#forget(scope);
    }
  }

  #forgetOldest(): void {
    for (const scope of this.#entries.keys()) {
      this.#forget(scope);
      return;
    }
  }

  #forget(scope: string): void {
    this.#storedBytes -= this.#entries.get(scope)?.sizeBytes ?? 0;
    this.#entries.delete(scope);
  }
}

/** Names count too: an upstream may send headers that are longer than its answer. */
function sizeOf(scope: string, { fingerprint, headers, body }: StoredAnswer): number {
  let size = scope.length + fingerprint.length + body.length;
  for (const [name, value] of Object.entries(headers)) size += name.length + value.length;
  return size;
}

/** What of an answer can be given again; nothing any more once it is too long for that. */
export class Recording {
  head: { status: number; headers: Record<string, string> } | undefined;
  isTooLong = false;
  readonly #room: StoredAnswers;
  readonly #bytesMax: number;
  #blocks: Buffer[] = [];
  #fresh: Buffer[] = [];
  #bytes = 0;

  constructor(room: StoredAnswers, bytesMax: number) {
    this.#room = room;
    this.#bytesMax = bytesMax;
  }

  add(bytes: Buffer): void {
    if (this.isTooLong) return;
    if (this.#bytes + bytes.length > this.#bytesMax || !this.#room.hold(bytes.length)) {
      this.isTooLong = true;
      this.drop();
      return;
    }
    this.#bytes += bytes.length;
    this.#fresh.push(bytes);
  }

  /** All so far, in few blocks. Each byte is copied once at most, and all who ask share the copy. */
  blocks(): readonly Buffer[] {
    if (this.#fresh.length > 0) this.#blocks.push(Buffer.concat(this.#fresh));
    this.#fresh = [];
    return this.#blocks;
  }

  /** In memory of its own: what came in pieces may be slices that keep far larger buffers alive. */
  body(): Buffer {
    const body = Buffer.allocUnsafeSlow(this.#bytes);
    let at = 0;
    for (const block of [...this.#blocks, ...this.#fresh]) at += block.copy(body, at);
    return body;
  }

  /** Gives the room back. */
  drop(): void {
    this.#room.free(this.#bytes);
    this.#bytes = 0;
    this.#blocks = [];
    this.#fresh = [];
  }
}
