import type { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Clock, Timer } from '../lib/clock.ts';
import type { CloseMode, Step } from './script.ts';
import type { Outcome } from './witness.ts';

/** What the wire saw of one reply. */
export interface Delivery {
  outcome: Outcome;
  status: number | null;
  responseBytes: number;
  usageDelivered: boolean;
}

interface Watcher {
  /** Called once, before the first byte of the reply is written. */
  begun: () => void;
  /** Called exactly once, at the latest when the socket closes. */
  finished: (delivery: Delivery) => void;
}

/**
 * Plays a script on one response. Owns the call's only timer and notices the client's leaving in
 * every phase, from before the body is read until after the last byte.
 */
export class Exchange {
  readonly #response: ServerResponse;
  readonly #socket: Socket | null;
  readonly #clock: Clock;
  readonly #watcher: Watcher;
  readonly #delivery: Delivery = {
    outcome: 'aborted',
    status: null,
    responseBytes: 0,
    usageDelivered: false,
  };
  #steps: readonly Step[] = [];
  #next = 0;
  #timer: Timer | null = null;
  #usageRidesOnEnd = false;
  #hasBegun = false;
  #isFinished = false;
  #isGone = false;

  constructor(response: ServerResponse, clock: Clock, watcher: Watcher) {
    this.#response = response;
    this.#socket = response.socket;
    this.#clock = clock;
    this.#watcher = watcher;
    response.once('finish', () => this.#ended());
    response.once('close', () => {
      if (!this.#isFinished) this.#leave('aborted');
    });
    // A write to a socket that has just closed; the close event tells the story.
    response.on('error', () => undefined);
  }

  /** True once the client left or the reply is over. */
  get isOver(): boolean {
    return this.#isFinished;
  }

  play(steps: readonly Step[]): void {
    this.#steps = steps;
    this.#run();
  }

  #run(): void {
    while (!this.#isGone && this.#socket?.destroyed !== true) {
      const step = this.#steps[this.#next];
      if (step === undefined) return;
      this.#next += 1;
      if (!this.#hasBegun && step.do !== 'wait' && step.do !== 'hold' && step.do !== 'close') {
        this.#hasBegun = true;
        this.#watcher.begun();
      }
      if (!this.#perform(step)) return;
    }
  }

  /** Performs one step; false when the script pauses or is over. */
  #perform(step: Step): boolean {
    switch (step.do) {
      case 'head':
        return this.#head(step);
      case 'write':
        return this.#write(step);
      case 'raw':
        return this.#raw(step);
      case 'end':
        if (step.trailers !== undefined) this.#response.addTrailers(step.trailers);
        this.#response.end();
        return false;
      case 'wait':
        this.#timer = this.#clock.after(step.ms, () => this.#run());
        return false;
      case 'repeat':
        return this.#repeat(step);
      case 'hold':
        return false;
      case 'snare':
        return this.#snare(step.mode);
      default:
        return this.#close(step.mode);
    }
  }

  #head(step: Extract<Step, { do: 'head' }>): boolean {
    this.#delivery.status = step.status;
    this.#response.writeHead(step.status, step.headers);
    const following = this.#steps[this.#next]?.do;
    if (following !== 'write' && following !== 'end') this.#response.flushHeaders();
    return true;
  }

  #write(step: Extract<Step, { do: 'write' }>): boolean {
    this.#delivery.responseBytes += Buffer.byteLength(step.bytes);
    const following = this.#steps[this.#next];
    if (following?.do === 'end' && following.trailers === undefined) {
      this.#next += 1;
      this.#usageRidesOnEnd = step.tellsUsage;
      this.#response.end(step.bytes);
      return false;
    }
    if (step.isAlone === true) {
      this.#response.write(step.bytes, (error) => {
        if (error !== undefined && error !== null) return;
        if (step.tellsUsage) this.#usageWritten(error);
        this.#run();
      });
      return false;
    }
    const hasRoom = step.tellsUsage
      ? this.#response.write(step.bytes, (error) => this.#usageWritten(error))
      : this.#response.write(step.bytes);
    if (!hasRoom) this.#response.once('drain', () => this.#run());
    return hasRoom;
  }

  #raw(step: Extract<Step, { do: 'raw' }>): boolean {
    if (step.status !== undefined) this.#delivery.status = step.status;
    this.#delivery.responseBytes += Buffer.byteLength(step.bytes);
    this.#socket?.write(step.bytes, (error) => {
      if (step.tellsUsage === true) this.#usageWritten(error);
    });
    return true;
  }

  #repeat(step: Extract<Step, { do: 'repeat' }>): boolean {
    this.#next -= 1;
    this.#delivery.responseBytes += Buffer.byteLength(step.bytes);
    const sink = step.isRaw === true ? this.#socket : this.#response;
    if (sink?.write(step.bytes) === true) {
      this.#timer = this.#clock.after(step.ms, () => this.#run());
    } else {
      sink?.once('drain', () => this.#run());
    }
    return false;
  }

  /** Breaks the connection off once all that was written before has left. */
  #close(mode: CloseMode): boolean {
    const socket = this.#socket;
    socket?.write('', () => {
      if (!this.#isFinished) this.#leave('fault');
      hangUp(socket, mode);
    });
    return false;
  }

  /** Takes the parser's place on the socket, so that the next request arrives and is not seen. */
  #snare(mode: CloseMode): boolean {
    const socket = this.#socket;
    socket?.removeAllListeners('data');
    socket?.once('data', () => hangUp(socket, mode));
    return false;
  }

  #usageWritten(error: Error | null | undefined): void {
    if (error === undefined || error === null) this.#delivery.usageDelivered = true;
  }

  /** The whole reply is with the socket. Steps behind the end play on until the socket closes. */
  #ended(): void {
    if (this.#isFinished) return;
    if (this.#usageRidesOnEnd) this.#delivery.usageDelivered = true;
    this.#finish('completed');
    if (this.#next >= this.#steps.length) return;
    this.#socket?.once('close', () => this.#stop());
    this.#run();
  }

  #leave(outcome: Outcome): void {
    this.#stop();
    this.#finish(outcome);
  }

  #stop(): void {
    this.#isGone = true;
    this.#timer?.cancel();
  }

  #finish(outcome: Outcome): void {
    this.#isFinished = true;
    this.#delivery.outcome = outcome;
    this.#watcher.finished(this.#delivery);
  }
}

function hangUp(socket: Socket, mode: CloseMode): void {
  if (mode === 'rst') socket.resetAndDestroy();
  else socket.destroySoon();
}
