import { Readable } from 'node:stream';
import { GatewayError } from '../../../src/errors/gateway-error.ts';
import type { Clock } from '../../../src/lib/clock.ts';
import type { Call, Sink } from '../../../src/proxy/call.ts';
import { IdempotentCalls } from '../../../src/proxy/idempotent-calls.ts';
import type { IdempotentCallsParts } from '../../../src/proxy/idempotent-calls.ts';

export const ASKED = { scope: 'key-1 a', fingerprint: 'f1' };
export const LIMITS = { entriesMax: 10, bytesMax: 10_000, answerBytesMax: 100, keepMs: 1000 };

let serial = 0;

/** Stands still until it is moved. */
export class StillClock implements Clock {
  #nowMs = 0;

  readonly now = (): number => this.#nowMs;
  readonly monotonic = (): number => this.#nowMs;

  after(): never {
    throw new Error('Nothing here needs a timer.');
  }

  advance(ms: number): void {
    this.#nowMs += ms;
  }
}

/** A client with its connection: notes what it is given, reads at will, leaves at will. */
export class Client implements Sink {
  readonly told: string[] = [];
  readonly call: Call;
  headers: Record<string, string> = {};
  body = '';
  isStarted = false;
  isFull = false;
  #controller = new AbortController();
  #onDrain: (() => void)[] = [];

  constructor(headers: Call['headers'] = {}) {
    serial += 1;
    this.call = {
      id: `request-${serial}`,
      method: 'POST',
      path: '/v1/chat/completions',
      address: '127.0.0.1',
      query: '',
      headers,
      body: Readable.from([]),
      hasBody: true,
      contentLength: null,
      sink: this,
      label: () => undefined,
      signal: this.#controller.signal,
      abort: (reason) => this.#controller.abort(reason),
      startedAtMs: 0,
      startedMs: 0,
    };
  }

  head(status: number, headers: Record<string, string>): void {
    if (this.isStarted) throw new Error('a second head');
    this.isStarted = true;
    this.headers = headers;
    this.told.push(`head ${status}`);
  }

  write(bytes: Buffer): boolean {
    this.body += bytes.toString();
    this.told.push(bytes.toString());
    return !this.isFull;
  }

  onDrain(run: () => void): void {
    this.#onDrain.push(run);
  }

  end(bytes?: Buffer): void {
    this.body += bytes?.toString() ?? '';
    this.told.push(`end ${bytes?.toString() ?? ''}`.trim());
  }

  destroy(): void {
    this.told.push('destroy');
  }

  /** Who waits for it to drain. */
  get waiting(): number {
    return this.#onDrain.length;
  }

  drain(): void {
    this.isFull = false;
    for (const run of this.#onDrain.splice(0)) run();
  }

  leave(reason = 'client_gone'): void {
    this.#controller.abort(reason);
  }
}

/** Work that the test does step by step. */
export class Work {
  runs = 0;
  readonly aborts: unknown[] = [];
  #call: Call | undefined;
  #over = Promise.withResolvers<boolean>();

  /** The call it was given last. */
  get call(): Call {
    if (this.#call === undefined) throw new Error('The work was not started.');
    return this.#call;
  }

  readonly run = (call: Call): Promise<boolean> => {
    this.runs += 1;
    this.#call = call;
    call.signal.addEventListener('abort', () => this.aborts.push(call.signal.reason));
    this.#over = Promise.withResolvers<boolean>();
    return this.#over.promise;
  };

  head(status = 200, headers: Record<string, string> = {}): void {
    this.call.sink.head(status, { 'x-request-id': this.call.id, ...headers });
  }

  write(text: string): boolean {
    return this.call.sink.write(Buffer.from(text));
  }

  end(text?: string): void {
    this.call.sink.end(text === undefined ? undefined : Buffer.from(text));
  }

  resolve(isWhole = true): void {
    this.#over.resolve(isWhole);
  }

  reject(error: unknown): void {
    this.#over.reject(error);
  }

  /** All of it at once. */
  answer(text: string, status = 200): void {
    this.head(status);
    this.end(text);
    this.resolve();
  }
}

export function aDesk(limits: Partial<IdempotentCallsParts> = {}) {
  const clock = new StillClock();
  const calls = new IdempotentCalls({ clock, ...LIMITS, ...limits });
  const work = new Work();
  /** A new client that asks; its outcome is 'ok' or the error's code. */
  const ask = (asked = ASKED, client = new Client()) => {
    const over = calls.run(client.call, asked, work.run);
    const outcome = over.then(
      () => 'ok',
      (error: unknown) => (error instanceof GatewayError ? error.code : error),
    );
    return { client, over, outcome };
  };
  /** Asks for what only the stored answer can give, without any work. */
  const isStored = async (scope = ASKED.scope) => {
    const { client, over } = ask({ ...ASKED, scope });
    if (client.isStarted) await over;
    else work.reject(new GatewayError('internal', 'not stored'));
    await over.catch(() => undefined);
    return client.isStarted;
  };
  return { clock, calls, work, ask, isStored };
}
