import type { Call, Sink } from './call.ts';
import { endingOf } from './exchange.ts';
import type { Failure } from './exchange.ts';
import { failureError } from './failure-error.ts';
import type { Recording } from './stored-answers.ts';

/**
 * One answer for all calls that asked for the same: the sink and the signal of the work that makes
 * it. Every participant gets the head, every byte in order, and the end. The work is aborted when
 * nobody is left to take its answer; who leaves before that just gets no more.
 */
export class SharedAnswer implements Sink {
  readonly #recording: Recording;
  readonly #lagBytesMax: number;
  readonly #onDoomed: () => void;
  readonly #ending = new AbortController();
  readonly #participants = new Set<Participant>();
  #first: Participant | undefined;
  #waiting: (() => void)[] = [];
  #isEnded = false;

  /** `onDoomed` is called before the answer is aborted or destroyed: nobody may join it any more. */
  constructor(recording: Recording, lagBytesMax: number, onDoomed: () => void) {
    this.#recording = recording;
    this.#lagBytesMax = lagBytesMax;
    this.#onDoomed = onDoomed;
  }

  /** The first call as the work is to see it. */
  callOf(first: Call): Call {
    const abort = (reason: Failure) => this.#abort(reason);
    return { ...first, sink: this, signal: this.#ending.signal, abort };
  }

  /** The whole answer was given to the sink. */
  get isEnded(): boolean {
    return this.#isEnded;
  }

  /**
   * Takes part from now on, with all that was written so far, which must still be on record.
   * Settles with the work, or earlier for a participant that leaves while others stay.
   */
  join(call: Call): Promise<void> {
    const participant = new Participant(call, () => this.#resume());
    const { head } = this.#recording;
    if (head !== undefined) call.sink.head(head.status, head.headers);
    participant.replay(this.#recording.blocks());
    if (this.#isEnded) call.sink.end();
    this.#first ??= participant;
    this.#participants.add(participant);
    call.signal.addEventListener('abort', () => this.#onAbort(participant), { once: true });
    // Others may have waited for somebody who reads.
    this.#resume();
    return participant.over.promise;
  }

  /** The work is done. */
  settle(): void {
    for (const { over } of this.#participants) over.resolve();
    this.#participants.clear();
  }

  /** The work failed. */
  fail(error: unknown): void {
    for (const { over } of this.#participants) over.reject(error);
    this.#participants.clear();
  }

  get isStarted(): boolean {
    return this.#recording.head !== undefined;
  }

  head(status: number, headers: Record<string, string>): void {
    this.#recording.head = { status, headers };
    for (const { call } of this.#participants) call.sink.head(status, headers);
  }

  write(bytes: Buffer): boolean {
    this.#recording.add(bytes);
    for (const participant of this.#participants) {
      participant.write(bytes);
      if (this.#isTooFarBehind(participant)) {
        participant.call.sink.destroy();
        this.#leave(participant, 'client_stalled');
      }
    }
    return this.#isReady();
  }

  onDrain(run: () => void): void {
    this.#waiting.push(run);
  }

  end(bytes?: Buffer): void {
    if (bytes !== undefined) this.#recording.add(bytes);
    this.#isEnded = true;
    for (const { call } of this.#participants) call.sink.end(bytes);
  }

  destroy(): void {
    this.#onDoomed();
    for (const { call } of this.#participants) call.sink.destroy();
  }

  /**
   * Whoever reads fastest sets the pace, so that one that stalls, a connection that died unnoticed
   * most of all, stops nobody else. But the first call, which would have its answer if nobody had
   * joined, is never dropped for being slow: when it is as far behind as may be, the others wait.
   */
  #isReady(): boolean {
    if (this.#first !== undefined && this.#first.lagBytes > this.#lagBytesMax) return false;
    for (const { isFull } of this.#participants) if (!isFull) return true;
    return false;
  }

  /** Never the first, nor the only one: that one is waited for. */
  #isTooFarBehind(participant: Participant): boolean {
    if (participant === this.#first || this.#participants.size === 1) return false;
    return participant.lagBytes > this.#lagBytesMax;
  }

  #resume(): void {
    if (this.#waiting.length === 0 || !this.#isReady()) return;
    for (const run of this.#waiting.splice(0)) run();
  }

  #onAbort(participant: Participant): void {
    if (!this.#participants.has(participant)) return;
    const ending = endingOf(participant.call.signal);
    // The server's end is everybody's, and so is their key's, which is the same; a time limit is
    // that of the call that it was set for.
    const isForAll =
      ending === 'draining' ||
      ending === 'key_revoked' ||
      (ending === 'deadline' && participant === this.#first);
    if (isForAll || this.#participants.size === 1) this.#abort(ending);
    else this.#leave(participant, ending);
  }

  /** Its participants stay until the work has wound up: their calls are under way until then. */
  #abort(ending: Failure): void {
    if (this.#isEnded) return;
    this.#onDoomed();
    this.#ending.abort(ending);
  }

  #leave(participant: Participant, failure: Failure): void {
    this.#participants.delete(participant);
    if (participant === this.#first) this.#first = undefined;
    participant.over.reject(failureError(failure));
    this.#resume();
  }
}

/** One of the calls that get the same answer. */
class Participant {
  readonly call: Call;
  readonly over = Promise.withResolvers<void>();
  /** Its client reads slower than we write. */
  isFull = false;
  /** At most so much that was written since is held for its client. */
  lagBytes = 0;
  readonly #onRoom: () => void;

  constructor(call: Call, onRoom: () => void) {
    this.call = call;
    this.#onRoom = onRoom;
  }

  write(bytes: Buffer): void {
    if (!this.call.sink.write(bytes)) this.#fill();
    if (this.isFull) this.lagBytes += bytes.length;
  }

  /** What is on record is shared and bounded, so that no lag is counted for it. */
  replay(blocks: readonly Buffer[]): void {
    for (const block of blocks) if (!this.call.sink.write(block)) this.#fill();
  }

  #fill(): void {
    if (this.isFull) return;
    this.isFull = true;
    this.call.sink.onDrain(() => {
      this.isFull = false;
      this.lagBytes = 0;
      this.#onRoom();
    });
  }
}
