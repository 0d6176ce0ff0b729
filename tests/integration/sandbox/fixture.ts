import { connect, type Socket } from 'node:net';
import OpenAI from 'openai';
import type { Clock, Timer } from '../../../src/lib/clock.ts';
import {
  startSandbox,
  type FinishedEntry,
  type Sandbox,
  type SandboxOptions,
  type WitnessEntry,
} from '../../../src/sandbox/index.ts';
import { PATIENCE_MS } from '../../support/patience.ts';

export const KEY = 'vck_sandbox_test_key';
export const OTHER_KEY = 'vck_sandbox_other_key';

/** A fleet of two credentials with one dollar each. */
export function aSandbox(options: Partial<SandboxOptions> = {}): Promise<Sandbox> {
  return startSandbox({
    credentials: [
      { name: 'first', key: KEY, balanceNano: 1_000_000_000n },
      { name: 'second', key: OTHER_KEY, balanceNano: 1_000_000_000n },
    ],
    ...options,
  });
}

/** The official SDK as the judge of what we answer; it never tries twice. */
export function sdk(sandbox: Sandbox, headers: Record<string, string> = {}): OpenAI {
  return new OpenAI({
    apiKey: KEY,
    baseURL: `${sandbox.url}/v1`,
    maxRetries: 0,
    defaultHeaders: headers,
  });
}

export const isFinished = (entry: WitnessEntry): entry is FinishedEntry =>
  entry.kind === 'finished';

/** The first finished entry after `seq`. */
export function nextFinished(sandbox: Sandbox, seq = 0): Promise<FinishedEntry> {
  return sandbox.witness.waitFor(
    (entry): entry is FinishedEntry => isFinished(entry) && entry.seq > seq,
    PATIENCE_MS,
  );
}

export interface RawReply {
  /** All bytes that came, as latin1. */
  text: string;
  /** How it ended: the other side closed, broke, or we left. */
  ending: 'closed' | 'reset' | 'left';
}

/** What a raw call sends; `leaveWhen` makes us hang up once it matches. */
export interface RawCall {
  headers?: Record<string, string>;
  body?: object;
  leaveWhen?: Pick<RegExp, 'test'>;
}

/** Opens a socket and writes a chat call on it. */
export function openCall(sandbox: Sandbox, { headers = {}, body }: RawCall): Socket {
  const { hostname, port } = new URL(sandbox.url);
  const payload = JSON.stringify(body ?? aChat());
  const lines = Object.entries({
    host: 'sandbox',
    authorization: `Bearer ${KEY}`,
    'content-type': 'application/json',
    'content-length': String(Buffer.byteLength(payload)),
    connection: 'close',
    ...headers,
  }).map(([name, value]) => `${name}: ${value}\r\n`);
  const socket = connect(Number(port), hostname);
  socket.write(`POST /v1/chat/completions HTTP/1.1\r\n${lines.join('')}\r\n${payload}`);
  return socket;
}

/** Sends one chat call without any HTTP client in between and collects what comes back. */
export function rawCall(sandbox: Sandbox, call: RawCall): Promise<RawReply> {
  const socket = openCall(sandbox, call);
  let text = '';
  let ending: RawReply['ending'] = 'closed';
  return new Promise((resolve) => {
    socket.on('data', (bytes) => {
      text += bytes.toString('latin1');
      if (call.leaveWhen?.test(text) !== true) return;
      ending = 'left';
      socket.destroy();
    });
    socket.on('error', () => {
      ending = 'reset';
    });
    socket.on('close', () => resolve({ text, ending }));
  });
}

export function aChat(fields: object = {}): object {
  return { model: 'gpt-4o-mini', messages: [{ role: 'user', content: 'Hello' }], ...fields };
}

/** A clock that only moves when told to. */
export class HandClock implements Clock {
  #now = 1_800_000_000_000;
  readonly #timers = new Set<{ due: number; run: () => void }>();

  now(): number {
    return this.#now;
  }

  monotonic(): number {
    return this.#now;
  }

  get waiting(): number {
    return this.#timers.size;
  }

  after(ms: number, run: () => void): Timer {
    const timer = { due: this.#now + ms, run };
    this.#timers.add(timer);
    return {
      refresh: () => {
        timer.due = this.#now + ms;
      },
      cancel: () => {
        this.#timers.delete(timer);
      },
    };
  }

  advance(ms: number): void {
    this.#now += ms;
    for (const timer of this.#timers) {
      if (timer.due > this.#now) continue;
      this.#timers.delete(timer);
      timer.run();
    }
  }
}
