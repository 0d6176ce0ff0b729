import type { WebSocket } from 'ws';
import type { Clock, Timer } from '../lib/clock.ts';
import type { Actor } from '../services/actor.ts';
import { ENDINGS } from './live-connections.ts';
import type { Ending, LiveConnection } from './live-connections.ts';
import { Outflow } from './outflow.ts';

const INIT_MS = 3000;
const PING_MS = 15_000;
/** So long after a ping that nobody answered, nobody is there. */
const PONG_MS = 15_000;
/** What may wait in memory to be sent; a subscription waits until its last message is gone. */
const BUFFER_BYTES_MAX = 1024 * 1024;
/** From our word of the end to the cut, for those that do not answer it. */
const CLOSING_MS = 5000;

/** Takes a message; rejects where that was not expected to go wrong. */
export type OnMessage = (text: string) => Promise<void>;

/** One socket: what it is owed, how long it takes, and how it ends. */
export class SocketSession implements LiveConnection {
  /** What its upgrade showed; browsers cannot, and show it in their first message. */
  readonly authorization: string | undefined;
  actor: Actor | null = null;
  readonly #ws: WebSocket;
  readonly #clock: Clock;
  readonly #init: Timer;
  readonly #outflow: Outflow;
  #onEnd: (ending: Ending) => void = () => undefined;
  #pingedMs: number;
  #isPingOpen = false;
  #closingMs: number | null = null;

  constructor(ws: WebSocket, authorization: string | undefined, clock: Clock) {
    this.#ws = ws;
    this.authorization = authorization;
    this.#clock = clock;
    this.#outflow = new Outflow(clock);
    this.#pingedMs = clock.monotonic();
    this.#init = clock.after(INIT_MS, () => this.end(ENDINGS.tooLate));
    ws.on('pong', () => (this.#isPingOpen = false));
    ws.on('ping', (bytes: Buffer) => {
      if (this.#hasRoom()) ws.pong(bytes);
    });
    // `ws` ends it by itself, with the code that says why; `close` follows.
    ws.on('error', () => undefined);
    ws.on('close', (code, reason) => this.#ended({ code, reason: reason.toString() }));
  }

  get protocol(): string {
    return this.#ws.protocol;
  }

  /** Told once, when nothing is to be sent any more. */
  onEnd(run: (ending: Ending) => void): void {
    this.#onEnd = run;
  }

  /** Takes messages one by one as they come; an answer may take its time. */
  onMessage(run: OnMessage, onFailed: (error: unknown) => void): void {
    this.#ws.on('message', (bytes: Buffer, isBinary) => {
      if (this.#closingMs !== null) return;
      const text = bytes.toString();
      if (isBinary || isOurs(text)) {
        this.end(ENDINGS.badFrame);
        return;
      }
      run(text).catch(onFailed);
    });
  }

  /** It has said that it begins. */
  begun(): void {
    this.#init.cancel();
  }

  /** Resolves when it is on its way, or when there is no use in waiting. */
  send(text: string): Promise<void> {
    if (this.#closingMs !== null || this.#ws.readyState !== this.#ws.OPEN || !this.#hasRoom()) {
      return Promise.resolve();
    }
    return this.#outflow.send((done) => this.#ws.send(text, done));
  }

  check(): void {
    const nowMs = this.#clock.monotonic();
    if (this.#closingMs !== null) {
      if (nowMs - this.#closingMs >= CLOSING_MS) this.cut();
    } else if (this.#outflow.isStalled) {
      this.end(ENDINGS.tooSlow);
    } else if (this.#isPingOpen) {
      if (nowMs - this.#pingedMs >= PONG_MS) this.cut();
    } else if (nowMs - this.#pingedMs >= PING_MS) {
      this.#pingedMs = nowMs;
      this.#isPingOpen = true;
      this.#ws.ping();
    }
  }

  end(ending: Ending): void {
    if (this.#closingMs !== null) return;
    this.#closingMs = this.#clock.monotonic();
    this.#ws.close(ending.code, ending.reason);
    this.#ended(ending);
  }

  cut(): void {
    this.#ws.terminate();
  }

  #hasRoom(): boolean {
    if (this.#ws.bufferedAmount <= BUFFER_BYTES_MAX) return true;
    this.end(ENDINGS.tooSlow);
    return false;
  }

  #ended(ending: Ending): void {
    this.#closingMs ??= this.#clock.monotonic();
    this.#init.cancel();
    const tell = this.#onEnd;
    this.#onEnd = () => undefined;
    tell(ending);
  }
}

/** Messages that only servers send. */
const OURS: ReadonlySet<unknown> = new Set(['connection_ack', 'next', 'error']);

function isOurs(text: string): boolean {
  try {
    return OURS.has((JSON.parse(text) as { type?: unknown } | null)?.type);
  } catch {
    // Whoever takes the message says so.
    return false;
  }
}
