import { connect } from 'node:net';
import type { Socket } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';
import { PATIENCE_MS } from './patience.ts';
import { answersIn } from './raw-answers.ts';
import type { RawAnswer } from './raw-answers.ts';

// A client as a list of steps on one connection, for what no HTTP client would do. Nothing is read
// but by a step that says so: a script without one is a client that has stopped reading.

export interface Outcome {
  /** All that was read, as latin1. */
  received: string;
  /** The whole answers in it, interim ones (1xx) included. */
  answers: RawAnswer[];
  /** `open`: the script ended and nobody had closed; `left`: the script did. */
  ending: 'open' | 'closed' | 'reset' | 'left';
  /** Bytes that the kernel has taken. */
  sent: number;
}

export type Step = (client: ScriptedClient) => unknown;

/** Plays the steps in order on a new connection, which is gone afterwards. */
export async function play(url: string, ...steps: readonly Step[]): Promise<Outcome> {
  const client = new ScriptedClient(url);
  try {
    for (const step of steps) await step(client);
    return client.outcome;
  } finally {
    client.socket.destroy();
  }
}

export const send =
  (...pieces: readonly (string | Buffer)[]): Step =>
  (client) => {
    for (const piece of pieces) client.write(piece);
  };

/** Sends in pieces of `size` bytes with `ms` between them; 0 is a turn of the event loop. */
export const drip =
  (text: string | Buffer, { size = 1, ms = 0 } = {}): Step =>
  async (client) => {
    const bytes = bytesOf(text);
    for (let at = 0; at < bytes.length && !client.isOver; at += size) {
      client.write(bytes.subarray(at, at + size));
      await wait(ms);
    }
  };

/** Sends a piece so many times, as fast as they are taken. */
export const flood =
  (piece: string | Buffer, count: number): Step =>
  async (client) => {
    for (let sent = 0; sent < count && !client.isOver; sent += 1) {
      if (!client.write(piece)) await client.changed(() => !client.socket.writableNeedDrain);
    }
  };

/** FIN: nothing more will be sent, but all can still be read. */
export const halfClose = (): Step => (client) => client.socket.end();

/** FIN, and deaf from now on. */
export const leave = (): Step => (client) => {
  client.over('left');
  client.socket.destroy();
};

/** RST. */
export const reset = (): Step => (client) => {
  client.over('left');
  client.socket.resetAndDestroy();
};

/** Reads so many bytes and no more; fewer only if the server closes first. */
export const read =
  (bytes: number): Step =>
  (client) => {
    const target = client.received.length + bytes;
    return client.readUntil(() => client.received.length >= target, target);
  };

/** Reads until all that was read so far contains this. */
export const until =
  (sign: string | RegExp): Step =>
  (client) =>
    client.readUntil((text) => (typeof sign === 'string' ? text.includes(sign) : sign.test(text)));

/** Reads until there are so many whole answers. */
export const answered =
  (count = 1): Step =>
  (client) =>
    client.readUntil((text) => answersIn(text).length >= count);

/** Reads until the server has closed. */
export const closed = (): Step => (client) => client.readUntil(() => false);

/** Anything else in between: moves a clock, waits for the witness, changes a key. */
export const meanwhile =
  (run: (client: ScriptedClient) => unknown): Step =>
  (client) =>
    run(client);

const bytesOf = (piece: string | Buffer): Buffer =>
  typeof piece === 'string' ? Buffer.from(piece, 'latin1') : piece;

/** What steps act on. */
export class ScriptedClient {
  readonly socket: Socket;
  received = '';
  #ending: Outcome['ending'] = 'open';
  readonly #waiting = new Set<() => void>();

  constructor(url: string) {
    const { hostname, port } = new URL(url);
    const wake = (): void => this.#waiting.forEach((look) => look());
    this.socket = connect({
      host: hostname,
      port: Number(port),
      noDelay: true,
      allowHalfOpen: true,
    })
      .on('readable', wake)
      .on('drain', wake)
      .on('end', () => this.over('closed'))
      .on('error', () => this.over('reset'))
      .on('end', wake)
      .on('close', wake);
  }

  get isOver(): boolean {
    return this.#ending !== 'open';
  }

  get outcome(): Outcome {
    return {
      received: this.received,
      answers: answersIn(this.received),
      ending: this.#ending,
      sent: this.socket.bytesWritten - this.socket.writableLength,
    };
  }

  /** The first ending counts. */
  over(ending: Outcome['ending']): void {
    if (this.#ending === 'open') this.#ending = ending;
  }

  /** False when more waits to be sent than is taken. */
  write(piece: string | Buffer): boolean {
    return this.socket.writable && this.socket.write(bytesOf(piece));
  }

  /** Reads, `target` bytes in all at most, until `isEnough` or the end of the connection. */
  async readUntil(
    isEnough: (text: string) => boolean,
    target = Number.POSITIVE_INFINITY,
  ): Promise<void> {
    while (!isEnough(this.received)) {
      const size = Math.min(target - this.received.length, this.socket.readableLength);
      // Reading nothing asks for more, and finds the end.
      const bytes = this.socket.read(size === 0 ? undefined : size) as Buffer | null;
      if (bytes !== null) this.received += bytes.toString('latin1');
      else if (this.isOver) return;
      else await this.changed(() => this.socket.readableLength > 0);
    }
  }

  /** Resolves once it is true or the connection is over; rejects when neither comes about. */
  changed(isTrue: () => boolean): Promise<void> {
    return new Promise((resolve, reject) => {
      const patience = setTimeout(
        () => reject(new Error(`Nothing more came after: ${this.received.slice(0, 300)}`)),
        PATIENCE_MS,
      );
      const look = (): void => {
        if (!this.isOver && !isTrue()) return;
        clearTimeout(patience);
        this.#waiting.delete(look);
        resolve();
      };
      this.#waiting.add(look);
      look();
    });
  }
}
