import { describe, expect, test } from '@jest/globals';
import type { Dispatcher } from 'undici';
import type { Clock, Timer } from '../../../src/lib/clock.ts';
import { Exchange } from '../../../src/proxy/exchange.ts';

const TIMEOUTS = { connectMs: 5000, firstByteMs: 1000, idleMs: 300, totalMs: 9000 };

/** Stands still until it is told; as of the real one, a cancelled timer never fires again. */
class HandClock implements Clock {
  #now = 0;
  readonly #timers = new Set<{ due: number; run(): void }>();

  now = (): number => this.#now;
  monotonic = (): number => this.#now;

  get waiting(): number {
    return this.#timers.size;
  }

  after(ms: number, run: () => void): Timer {
    const timer = { due: this.#now + ms, run };
    this.#timers.add(timer);
    return {
      refresh: () => void (timer.due = this.#now + ms),
      cancel: () => void this.#timers.delete(timer),
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

/** An exchange with a connection under it that notes what is asked of it. */
function anExchange() {
  const clock = new HandClock();
  const exchange = new Exchange(TIMEOUTS, clock);
  const asked: string[] = [];
  const controller = {
    pause: () => void asked.push('pause'),
    resume: () => void asked.push('resume'),
    abort: (reason: Error) => void asked.push(`abort ${reason.message}`),
  } as unknown as Dispatcher.DispatchController;
  const data = (bytes: number) => exchange.onResponseData(controller, Buffer.alloc(bytes));
  const head = () => {
    exchange.onRequestStart(controller);
    exchange.onResponseStart(controller, 200, {});
  };
  return { clock, exchange, asked, controller, data, head };
}

function aConsumer(onChunk: (bytes: Buffer) => void = () => undefined) {
  const seen: string[] = [];
  const consumer = {
    chunk(bytes: Buffer) {
      seen.push(String(bytes.length));
      onChunk(bytes);
    },
    end: () => void seen.push('end'),
    fail: (failure: string) => void seen.push(failure),
  };
  return { seen, consumer };
}

describe('waiting for the head', () => {
  test('the first byte has its time from the moment the request was sent', async () => {
    const { clock, exchange, controller, asked } = anExchange();
    clock.advance(900);
    exchange.onRequestStart(controller);
    clock.advance(900);
    expect(asked).toEqual([]);
    clock.advance(100);
    expect(await exchange.answered).toBe('first_byte_timeout');
    expect(asked).toEqual(['abort first_byte_timeout']);
    expect(clock.waiting).toBe(0);
  });

  test('a body that is still being sent keeps it waiting', async () => {
    const { clock, exchange, controller } = anExchange();
    exchange.onRequestStart(controller);
    for (let piece = 0; piece < 5; piece += 1) {
      clock.advance(900);
      exchange.noteSent();
    }
    exchange.onResponseStart(controller, 200, {});
    expect(await exchange.answered).toBeNull();
  });

  test('interim answers are not the head', async () => {
    const { exchange, controller } = anExchange();
    exchange.onRequestStart(controller);
    exchange.onResponseStart(controller, 103, { link: 'x' });
    exchange.onResponseStart(controller, 201, { a: 'b' });
    expect(await exchange.answered).toBeNull();
    expect([exchange.status, exchange.headers]).toEqual([201, { a: 'b' }]);
  });

  test.each([
    [false, 'connect'],
    [true, 'lost'],
  ])('an error (sent: %s) is %s', async (isSent, failure) => {
    const { exchange, controller } = anExchange();
    if (isSent) exchange.onRequestStart(controller);
    exchange.onResponseError();
    expect(await exchange.answered).toBe(failure);
  });

  test('what was given up while it connected is never sent', async () => {
    const { clock, exchange, controller, asked } = anExchange();
    exchange.abort('client_gone');
    expect(await exchange.answered).toBe('client_gone');
    exchange.onRequestStart(controller);
    expect(asked).toEqual(['abort client_gone']);
    expect(exchange.isSent).toBe(false);
    expect(clock.waiting).toBe(0);
  });
});

describe('the body', () => {
  test('what comes before its consumer is kept, and beyond 64 KiB not read', () => {
    const { exchange, head, data, asked } = anExchange();
    head();
    data(60_000);
    expect(asked).toEqual([]);
    data(10_000);
    expect(asked).toEqual(['pause']);
    const { seen, consumer } = aConsumer();
    exchange.consume(consumer);
    expect(seen).toEqual(['60000', '10000']);
    expect(asked).toEqual(['pause', 'resume']);
  });

  test('a consumer that cannot take what came early is not given more', () => {
    const { exchange, head, data, asked } = anExchange();
    head();
    data(70_000);
    const { consumer } = aConsumer(() => exchange.pause());
    exchange.consume(consumer);
    expect(asked.at(-1)).toBe('pause');
  });

  test('what a consumer puts back is the next one’s, in order', () => {
    const { exchange, head, data, asked } = anExchange();
    head();
    const pieces: Buffer[] = [];
    const first = aConsumer((bytes) => {
      pieces.push(bytes);
      if (pieces.length === 2) exchange.putBack(pieces);
    });
    exchange.consume(first.consumer);
    for (const bytes of [1, 2, 3]) data(bytes);
    expect(asked.at(-1)).toBe('pause');
    const second = aConsumer();
    exchange.consume(second.consumer);
    exchange.onResponseEnd();
    expect(first.seen).toEqual(['1', '2']);
    expect(second.seen).toEqual(['1', '2', '3', 'end']);
  });

  test.each([['end'], ['lost']])('one that came late is told of the %s', (ending) => {
    const { exchange, head, data } = anExchange();
    head();
    data(5);
    if (ending === 'end') exchange.onResponseEnd();
    else exchange.onResponseError();
    const { seen, consumer } = aConsumer();
    exchange.consume(consumer);
    expect(seen).toEqual(['5', ending]);
  });

  test('its end is told once, whatever comes after', () => {
    const { clock, exchange, head, data, asked } = anExchange();
    head();
    const { seen, consumer } = aConsumer();
    exchange.consume(consumer);
    exchange.onResponseEnd();
    exchange.onResponseEnd();
    exchange.onResponseError();
    exchange.abort('deadline');
    clock.advance(10_000);
    expect(seen).toEqual(['end']);
    expect(asked).not.toContain('abort deadline');
    expect(clock.waiting).toBe(0);

    const other = anExchange();
    other.head();
    const lost = aConsumer();
    other.exchange.consume(lost.consumer);
    other.exchange.abort('deadline');
    other.data(5);
    other.exchange.onResponseError();
    other.exchange.onResponseEnd();
    expect(lost.seen).toEqual(['deadline']);
    expect(data).toBeDefined();
  });
});

describe('silence', () => {
  test('ends it after the idle time, which each piece begins anew', () => {
    const { clock, exchange, head, data } = anExchange();
    head();
    const { seen, consumer } = aConsumer();
    exchange.consume(consumer);
    clock.advance(299);
    data(1);
    clock.advance(299);
    expect(seen).toEqual(['1']);
    clock.advance(1);
    expect(seen).toEqual(['1', 'idle_timeout']);
  });

  test('is not held against an upstream that is paused, and is again once it may go on', () => {
    const { clock, exchange, head } = anExchange();
    head();
    const { seen, consumer } = aConsumer();
    exchange.consume(consumer);
    exchange.pause();
    clock.advance(100_000);
    expect(seen).toEqual([]);
    exchange.resume();
    clock.advance(299);
    expect(seen).toEqual([]);
    clock.advance(1);
    expect(seen).toEqual(['idle_timeout']);
  });
});
