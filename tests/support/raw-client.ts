import { connect } from 'node:net';
import type { Socket } from 'node:net';
import { PATIENCE_MS } from './patience.ts';

/** One connection, written to byte by byte: for requests that no HTTP client would send. */
export class RawClient {
  readonly socket: Socket;
  /** Why the connection broke, if it did not end in good order. */
  error: NodeJS.ErrnoException | undefined;
  #received = '';
  #isOver = false;
  readonly #waiting = new Set<() => void>();

  constructor(url: string) {
    const { hostname, port } = new URL(url);
    this.socket = connect({ host: hostname, port: Number(port), noDelay: true });
    const wake = () => this.#waiting.forEach((run) => run());
    this.socket.on('data', (bytes) => {
      this.#received += bytes.toString('latin1');
      wake();
    });
    this.socket.on('error', (error) => (this.error = error));
    this.socket.on('drain', wake);
    this.socket.on('close', () => {
      this.#isOver = true;
      wake();
    });
  }

  /** All that came so far, as latin1. */
  get received(): string {
    return this.#received;
  }

  send(...pieces: (string | Buffer)[]): this {
    for (const piece of pieces) {
      this.socket.write(typeof piece === 'string' ? Buffer.from(piece, 'latin1') : piece);
    }
    return this;
  }

  /** Resolves with everything received once it contains `text`; with what came if the peer closes first. */
  async until(text: string | RegExp): Promise<string> {
    const isThere = () =>
      typeof text === 'string' ? this.#received.includes(text) : text.test(this.#received);
    await this.#when(() => this.#isOver || isThere());
    return this.#received;
  }

  /** Resolves with everything received once the server has closed the connection. */
  async closed(): Promise<string> {
    await this.#when(() => this.#isOver);
    return this.#received;
  }

  /** Writes all of it before it reads anything, as simple clients do. */
  async sendBeforeReading(...pieces: Buffer[]): Promise<void> {
    this.socket.pause();
    this.send(...pieces);
    await this.#when(() => this.#isOver || this.error !== undefined || this.#isFlushed());
    this.socket.resume();
  }

  leave(): void {
    this.socket.destroy();
  }

  #isFlushed(): boolean {
    return this.socket.writableLength === 0;
  }

  #when(isTrue: () => boolean): Promise<void> {
    return new Promise((resolve, reject) => {
      const patience = setTimeout(
        () => reject(new Error(`Nothing more came after: ${this.#received.slice(0, 300)}`)),
        PATIENCE_MS,
      );
      const look = () => {
        if (!isTrue()) return;
        clearTimeout(patience);
        this.#waiting.delete(look);
        resolve();
      };
      this.#waiting.add(look);
      look();
    });
  }
}

export interface RawReply {
  status: number;
  headers: Map<string, string>;
  body: string;
}

/** Answers in the order they came; interim ones (1xx) included. Needs Content-Length or no body. */
export function repliesOf(received: string): RawReply[] {
  const replies: RawReply[] = [];
  let rest = received;
  while (rest !== '') {
    const headEnd = rest.indexOf('\r\n\r\n');
    const [first = '', ...lines] = rest.slice(0, headEnd).split('\r\n');
    const match = /^HTTP\/1\.1 (\d{3}) /.exec(first);
    if (headEnd === -1 || match === null) throw new Error(`No HTTP answer: ${rest.slice(0, 200)}`);
    const headers = new Map(
      lines.map((line) => {
        const colon = line.indexOf(':');
        return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()];
      }),
    );
    const bodyStart = headEnd + 4;
    const bodyEnd = bodyStart + Number(headers.get('content-length') ?? 0);
    replies.push({ status: Number(match[1]), headers, body: rest.slice(bodyStart, bodyEnd) });
    rest = rest.slice(bodyEnd);
  }
  return replies;
}
