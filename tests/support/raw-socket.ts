import { once } from 'node:events';
import { WebSocket } from 'ws';
import type { ClientOptions } from 'ws';

export const PROTOCOL = 'graphql-transport-ws';

/** All that were opened and not ended since. */
export const rawSockets: RawSocket[] = [];

interface Message {
  type: string;
  id?: string;
  payload?: unknown;
}

/** A socket without a client library: what is sent, and when, is the test's. */
export class RawSocket {
  readonly messages: Message[] = [];
  /** How many results have come. */
  results = 0;
  readonly closed: Promise<{ code: number; reason: string }>;
  readonly ws: WebSocket;
  #waiting: { isMet: (message: Message) => boolean; resolve: (message: Message) => void }[] = [];

  constructor(url: string, options: ClientOptions = {}, protocol?: string) {
    this.ws = new WebSocket(url, protocol, options);
    rawSockets.push(this);
    this.ws.on('error', () => undefined);
    this.closed = new Promise((resolve) =>
      this.ws.on('close', (code, reason) => resolve({ code, reason: reason.toString() })),
    );
    this.ws.on('message', (bytes: Buffer) => {
      const message = JSON.parse(bytes.toString()) as Message;
      this.messages.push(message);
      if (message.type === 'next') this.results += 1;
      for (const one of this.#waiting) {
        if (!one.isMet(message)) continue;
        this.#waiting = this.#waiting.filter((other) => other !== one);
        one.resolve(message);
      }
    });
  }

  async opened(): Promise<this> {
    await once(this.ws, 'open');
    return this;
  }

  send(message: unknown): void {
    this.ws.send(typeof message === 'string' ? message : JSON.stringify(message));
  }

  /** The first message of this kind, past or to come. */
  got(type: string, id?: string): Promise<Message> {
    const isMet = (message: Message) =>
      message.type === type && (id === undefined || message.id === id);
    const known = this.messages.find(isMet);
    if (known !== undefined) return Promise.resolve(known);
    return new Promise((resolve) => this.#waiting.push({ isMet, resolve }));
  }

  async begun(authorization = 'Bearer admin'): Promise<this> {
    this.send({ type: 'connection_init', payload: { authorization } });
    await this.got('connection_ack');
    return this;
  }

  subscribe(id: string, query: string): void {
    this.send({ id, type: 'subscribe', payload: { query } });
  }
}
