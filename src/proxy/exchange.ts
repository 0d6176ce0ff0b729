import type { IncomingHttpHeaders } from 'node:http';
import type { Dispatcher } from 'undici';
import type { Timeouts } from '../entities/pool-policy.ts';
import type { Clock, Timer } from '../lib/clock.ts';

/** Why an exchange ended without being whole. */
export type Failure =
  /** No connection: nothing was sent. */
  | 'connect'
  /** The connection broke, or the answer was not HTTP. */
  | 'lost'
  | 'first_byte_timeout'
  /** The provider gives no token for the credential. */
  | 'token_refused'
  /** The credential was banned while its connection was being made. */
  | 'withdrawn'
  | 'idle_timeout'
  /** The call's total time is over. */
  | 'deadline'
  | 'client_gone'
  /** The call's virtual key was switched off or has expired. */
  | 'key_revoked'
  /** No budget has room for what the answer costs beyond its hold. */
  | 'budget_exceeded'
  /** The server stops and has waited long enough. */
  | 'draining'
  /** The client stopped reading. */
  | 'client_stalled';

/** Whether the upstream ended it, rather than the client or we. */
export const isUpstreams = (failure: Failure): boolean =>
  failure === 'lost' || failure === 'idle_timeout' || failure === 'first_byte_timeout';

/** Reasons of a call's signal that are not its client's doing. */
const OURS: ReadonlySet<unknown> = new Set<Failure>(['deadline', 'draining', 'key_revoked']);

/** Why a call was ended before its answer was. */
export const endingOf = ({ reason }: AbortSignal): Failure =>
  OURS.has(reason) ? (reason as Failure) : 'client_gone';

/** Whether the call was ended, rather than the upstream's answer: what came of that does not matter. */
export const isOfCall = (failure: Failure): boolean =>
  failure === 'client_gone' || OURS.has(failure);

/** What is known only once there is a connection. */
export interface StartConditions {
  mayStart(): boolean;
  isReused(): boolean;
  /** What has come on the connection so far. */
  bytesRead(): number;
  /** It will not be started: a connection that is still being made may end. */
  giveUp(): void;
}

/** Who takes the answer's body. Calls come in order and end with `end` or `fail`. */
export interface Consumer {
  chunk(bytes: Buffer): void;
  end(): void;
  fail(failure: Failure): void;
}

/** Interim answers (1xx) before the real one; more are no protocol, but an attack. */
const INTERIM_MAX = 32;

/** A closed connection shows itself within a round trip; a balancer that cuts long calls does not. */
const STALE_MS = 1000;

/** Takes what nobody wants any more. */
const IGNORE: Consumer = { chunk() {}, end() {}, fail() {} };

/** Held until a consumer comes; beyond it the upstream is paused. */
const EARLY_BYTES_MAX = 64 * 1024;

/**
 * One request to an upstream and its answer. Pushes the body to a consumer, so that back-pressure
 * is a plain `pause`. Only this file, `connections.ts` and `transport.ts` know undici.
 */
export class Exchange implements Dispatcher.DispatchHandler {
  status = 0;
  headers: IncomingHttpHeaders = {};
  /** The request was on a connection: the upstream may have executed it. */
  isSent = false;
  /** Resolves with null when the head is here, else with why it will not come. */
  readonly answered: Promise<Failure | null>;
  /** Its connection had carried an answer before: it may have been closed in the meantime. */
  isReused = false;
  /** The next piece of the request's body is its client's to send: its delay is not the upstream's. */
  isWaitingForClient = false;
  /** Called once when the connection is free again. */
  onOver: (() => void) | undefined;
  #hasBegun = false;
  #interim = 0;
  #bytesBefore = 0;
  #sentMs = 0;
  #start: StartConditions | undefined;
  readonly timeouts: Timeouts;
  readonly #timer: Timer;
  #connecting: Timer | undefined;
  #answer: (failure: Failure | null) => void = () => undefined;
  #controller: Dispatcher.DispatchController | undefined;
  #consumer: Consumer | undefined;
  #early: Buffer[] = [];
  #earlyBytes = 0;
  #idle: Timer | undefined;
  readonly #clock: Clock;
  #failure: Failure | undefined;
  #hasHead = false;
  #isEnded = false;
  #isPaused = false;

  constructor(timeouts: Timeouts, clock: Clock) {
    this.timeouts = timeouts;
    this.#clock = clock;
    this.answered = new Promise((resolve) => (this.#answer = resolve));
    this.#timer = clock.after(timeouts.firstByteMs, () => this.abort(this.#lateFailure()));
  }

  /** Any byte of an answer came, be it one that is none. */
  get hasAnswered(): boolean {
    return this.#hasBegun || (this.#start?.bytesRead() ?? 0) > this.#bytesBefore;
  }

  /**
   * The connection had been closed while it was idle: it broke as the request set out, without a word.
   * One that breaks later may have been at work.
   */
  get isStale(): boolean {
    const isAtOnce = this.#clock.monotonic() - this.#sentMs < STALE_MS;
    return this.isReused && isAtOnce && !this.hasAnswered;
  }

  /** Asked when the connection is there, just before the request is written. */
  startWhen(conditions: StartConditions): void {
    this.#start = conditions;
  }

  /** Unless the request has gone out already: its connection has its own time, name and TLS included. */
  awaitConnection(): void {
    if (this.#controller !== undefined || this.#failure !== undefined) return;
    const { connectMs } = this.timeouts;
    this.#connecting = this.#clock.after(connectMs, () => this.abort('connect'));
  }

  /** Takes the body; what came before is delivered at once. */
  consume(consumer: Consumer): void {
    this.#consumer = consumer;
    this.#isPaused = false;
    this.#earlyBytes = 0;
    for (const bytes of this.#early.splice(0)) consumer.chunk(bytes);
    if (this.#failure !== undefined) consumer.fail(this.#failure);
    else if (this.#isEnded) consumer.end();
    // What came early may have been more than the consumer can take now.
    else if (!this.#isPaused) this.resume();
  }

  /** Lets go of everything: an exchange that grew old must not keep its call's buffers alive. */
  release(): void {
    this.#consumer = IGNORE;
    this.#answer = () => undefined;
    this.headers = {};
  }

  /** Takes back what a consumer got but did not use: the next one starts with it. */
  putBack(pieces: readonly Buffer[]): void {
    this.#consumer = undefined;
    this.#early.push(...pieces);
    this.pause();
  }

  pause(): void {
    this.#isPaused = true;
    this.#idle?.cancel();
    this.#idle = undefined;
    this.#controller?.pause();
  }

  resume(): void {
    if (this.#isEnded || this.#failure !== undefined) return;
    this.#isPaused = false;
    this.#watchIdle();
    this.#controller?.resume();
  }

  /** Part of the request's body was sent: the wait for an answer begins anew. */
  noteSent(): void {
    if (!this.#hasHead && this.#failure === undefined) this.#timer.refresh();
  }

  /** Ends the exchange now, in whatever phase it is; the consumer is told once. */
  abort(failure: Failure): void {
    if (this.#isEnded || this.#failure !== undefined) return;
    this.#finish(failure);
    // Before the connection is there, undici hands out no controller: see onRequestStart.
    if (this.#controller === undefined) this.#start?.giveUp();
    else this.#controller.abort(new Error(failure));
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller;
    this.#connecting?.cancel();
    if (this.#start?.mayStart() === false) this.#finish('withdrawn');
    if (this.#failure !== undefined) {
      controller.abort(new Error(this.#failure));
      return;
    }
    this.isReused = this.#start?.isReused() === true;
    this.#bytesBefore = this.#start?.bytesRead() ?? 0;
    this.#sentMs = this.#clock.monotonic();
    this.isSent = true;
    this.#timer.refresh();
  }

  onResponseStart(
    _controller: Dispatcher.DispatchController,
    status: number,
    headers: IncomingHttpHeaders,
  ): void {
    this.#hasBegun = true;
    if (status < 200) {
      this.#interim += 1;
      if (this.#interim > INTERIM_MAX) this.abort('lost');
      return;
    }
    this.#hasHead = true;
    this.status = status;
    this.headers = headers;
    if (this.timeouts.idleMs === this.timeouts.firstByteMs) {
      // One timer does for both waits where they are equally long, as they are by default.
      this.#timer.refresh();
      this.#idle = this.#timer;
    } else {
      this.#timer.cancel();
      this.#watchIdle();
    }
    this.#answer(null);
  }

  onResponseData(_controller: Dispatcher.DispatchController, bytes: Buffer): void {
    if (this.#failure !== undefined) return;
    this.#idle?.refresh();
    if (this.#consumer !== undefined) {
      this.#consumer.chunk(bytes);
      return;
    }
    this.#early.push(bytes);
    this.#earlyBytes += bytes.length;
    if (this.#earlyBytes > EARLY_BYTES_MAX) this.pause();
  }

  onResponseEnd(): void {
    this.#over();
    if (this.#failure !== undefined || this.#isEnded) return;
    this.#isEnded = true;
    this.#idle?.cancel();
    this.#timer.cancel();
    this.#consumer?.end();
  }

  onResponseError(): void {
    this.#over();
    if (this.#isEnded || this.#failure !== undefined) return;
    this.#finish(this.isSent ? 'lost' : 'connect');
  }

  #over(): void {
    const { onOver } = this;
    this.onOver = undefined;
    this.#controller = undefined;
    onOver?.();
  }

  #lateFailure(): Failure {
    if (this.#hasHead) return 'idle_timeout';
    return this.isWaitingForClient ? 'client_stalled' : 'first_byte_timeout';
  }

  /** Silence counts only while we read: a paused upstream is not to blame for it. */
  #watchIdle(): void {
    this.#idle ??= this.#clock.after(this.timeouts.idleMs, () => this.abort('idle_timeout'));
  }

  #finish(failure: Failure): void {
    this.#failure = failure;
    this.#connecting?.cancel();
    this.#timer.cancel();
    this.#idle?.cancel();
    if (!this.#hasHead) this.#answer(failure);
    this.#consumer?.fail(failure);
  }
}
