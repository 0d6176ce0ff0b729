import { setTimeout as sleep } from 'node:timers/promises';
import { Agent, request } from 'undici';
import type { Clock } from '../lib/clock.ts';
import type { ProofCall } from './prove-call.ts';

/** What a client had of its call. */
export interface ClientAnswer {
  /** The request id; empty when there was no answer. */
  id: string;
  isStream: boolean;
  /** 0 when there was no answer. */
  status: number;
  /** The error's code, or why there was no answer. */
  code: string;
  /** All of it came. */
  isWhole: boolean;
}

/** A server follows changes within a second. */
const HEARD_MS = 10_000;
const LOOK_MS = 25;
const ATTACK_MS = 120_000;
const ASK_MS = 10_000;

interface Reply {
  id: string;
  status: number;
  text: string;
}

interface Message {
  path: string;
  body?: string;
  headers?: Record<string, string>;
  patienceMs?: number;
}

/** A client of the running server, with as many connections as it has calls at once. */
export class ProofClient {
  readonly #url: string;
  readonly #clock: Clock;
  readonly #interrupt: AbortSignal;
  readonly #agent = new Agent({ pipelining: 1 });

  constructor(url: string, clock: Clock, interrupt: AbortSignal) {
    this.#url = url;
    this.#clock = clock;
    this.#interrupt = interrupt;
    interrupt.addEventListener('abort', () => void this.close(), { once: true });
  }

  /** Ends calls under way. */
  async close(): Promise<void> {
    await this.#agent.destroy();
  }

  async requireServer(): Promise<void> {
    const { status } = await this.#send({ path: '/livez' }).catch((error: unknown) => {
      this.#interrupt.throwIfAborted();
      throw new Error(`nothing answers at ${this.#url}: ${reasonOf(error)}. ${SAY_WHERE}`);
    });
    if (status === 200) return;
    throw new Error(`${this.#url}/livez answers ${status}: is that Tollgate? ${SAY_WHERE}`);
  }

  /** Resolves when the server takes the key. Asking which models there are is never charged. */
  async untilKnown(key: string): Promise<void> {
    const patienceEndsMs = this.#clock.monotonic() + HEARD_MS;
    while (this.#clock.monotonic() < patienceEndsMs) {
      const { status } = await this.#send({ path: '/v1/models', headers: bearer(key) });
      if (status === 200) return;
      await sleep(LOOK_MS, undefined, { signal: this.#interrupt });
    }
    throw new Error(
      `the server at ${this.#url} does not take a key that was made in this data directory: does it serve another one? ${SAY_WHERE}`,
    );
  }

  /** A call that is free, all the way to the upstream. */
  async requireUpstream(key: string, upstreamUrl: string): Promise<void> {
    const { status, text } = await this.#send({ path: '/v1/files', headers: bearer(key) });
    if (status === 200) return;
    throw new Error(
      `the server cannot use the sandbox of this command at ${upstreamUrl} (${status} ${codeIn(text)}): run it where the server runs, in the same container`,
    );
  }

  /** All calls at once, every second one a stream. Always as many answers as calls. */
  async attack(key: string, call: ProofCall, count: number): Promise<ClientAnswer[]> {
    const patience = this.#clock.after(ATTACK_MS, () => void this.close());
    const calls = Array.from({ length: count }, (_, at) => this.#call(key, call, at % 2 === 1));
    try {
      return await Promise.all(calls);
    } finally {
      patience.cancel();
    }
  }

  async #call(key: string, call: ProofCall, isStream: boolean): Promise<ClientAnswer> {
    const { whole, stream } = call.bodies;
    try {
      const { id, status, text } = await this.#send({
        path: '/v1/chat/completions',
        body: isStream ? stream : whole,
        headers: { ...call.headers, ...bearer(key) },
        patienceMs: ATTACK_MS,
      });
      if (status !== 200) return { id, isStream, status, code: codeIn(text), isWhole: true };
      const isWhole = isStream ? text.endsWith('data: [DONE]\n\n') : isJson(text);
      return { id, isStream, status, code: '', isWhole };
    } catch (error) {
      this.#interrupt.throwIfAborted();
      return { id: '', isStream, status: 0, code: reasonOf(error), isWhole: false };
    }
  }

  async #send({ path, body, headers = {}, patienceMs = ASK_MS }: Message): Promise<Reply> {
    try {
      const answer = await request(`${this.#url}${path}`, {
        method: body === undefined ? 'GET' : 'POST',
        headers,
        body: body ?? null,
        headersTimeout: patienceMs,
        bodyTimeout: patienceMs,
        dispatcher: this.#agent,
      });
      const id = answer.headers['x-request-id'];
      const text = await answer.body.text();
      return { id: typeof id === 'string' ? id : '', status: answer.statusCode, text };
    } finally {
      // An interruption is the reason for whatever else went wrong.
      this.#interrupt.throwIfAborted();
    }
  }
}

const SAY_WHERE = 'Tell where the server of this data directory listens with --url.';

const bearer = (key: string) => ({ authorization: `Bearer ${key}` });

function isJson(text: string): boolean {
  try {
    return typeof JSON.parse(text) === 'object';
  } catch {
    return false;
  }
}

function codeIn(text: string): string {
  try {
    const { error } = JSON.parse(text) as { error?: { code?: unknown } };
    return typeof error?.code === 'string' ? error.code : '';
  } catch {
    return '';
  }
}

function reasonOf(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException;
  return code ?? message;
}
