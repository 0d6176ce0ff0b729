import { describe, expect, test } from '@jest/globals';
import { endingOf, isOfCall, isUpstreams } from '../../../src/proxy/exchange.ts';
import type { Failure } from '../../../src/proxy/exchange.ts';
import { HandClock, anUpstream } from './fixture.ts';

const TIMEOUTS = { connectMs: 5000, firstByteMs: 1000, idleMs: 300, totalMs: 9000 };

const CONDITIONS = {
  mayStart: () => true,
  isReused: () => false,
  bytesRead: () => 0,
  giveUp: () => undefined,
};

/** An exchange with a connection under it that notes what is asked of it. */
function anExchange(timeouts = TIMEOUTS) {
  const clock = new HandClock();
  const upstream = anUpstream(clock, timeouts);
  return {
    ...upstream,
    clock,
    head: () => upstream.head(200),
    data: (bytes: number) => upstream.data(Buffer.alloc(bytes)),
  };
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
    const { clock, exchange, start, asked } = anExchange();
    clock.advance(900);
    start();
    clock.advance(900);
    expect(asked).toEqual([]);
    clock.advance(100);
    expect(await exchange.answered).toBe('first_byte_timeout');
    expect(asked).toEqual(['abort first_byte_timeout']);
    expect(clock.waiting).toBe(0);
  });

  test('a body that is still being sent keeps it waiting', async () => {
    const { clock, exchange, start, answer } = anExchange();
    start();
    for (let piece = 0; piece < 5; piece += 1) {
      clock.advance(900);
      exchange.noteSent();
    }
    answer(200);
    expect(await exchange.answered).toBeNull();
  });

  test('interim answers are not the head', async () => {
    const { exchange, start, answer } = anExchange();
    start();
    answer(103, { link: 'x' });
    answer(201, { a: 'b' });
    expect(await exchange.answered).toBeNull();
    expect([exchange.status, exchange.headers]).toEqual([201, { a: 'b' }]);
  });

  test('of interim answers 32 are borne, and no more', async () => {
    const { exchange, start, answer, asked } = anExchange();
    start();
    for (let interim = 0; interim < 32; interim += 1) answer(102);
    expect(asked).toEqual([]);
    answer(102);
    expect(await exchange.answered).toBe('lost');
    expect(asked).toEqual(['abort lost']);
  });

  test('a connection that is being made has its own time, and is not waited for after that', async () => {
    const asked: string[] = [];
    const { clock, exchange } = anExchange({ ...TIMEOUTS, connectMs: 700 });
    exchange.startWhen({ ...CONDITIONS, giveUp: () => void asked.push('give up') });
    exchange.awaitConnection();
    clock.advance(699);
    expect(asked).toEqual([]);
    clock.advance(1);
    expect(await exchange.answered).toBe('connect');
    expect(asked).toEqual(['give up']);
    expect(clock.waiting).toBe(0);
  });

  test('one that is there is not given up by that time', () => {
    const { clock, exchange, start, asked } = anExchange({ ...TIMEOUTS, connectMs: 700 });
    exchange.awaitConnection();
    start();
    clock.advance(999);
    expect(asked).toEqual([]);
    const late = anExchange({ ...TIMEOUTS, connectMs: 700 });
    late.start();
    late.exchange.awaitConnection();
    late.clock.advance(999);
    expect(late.asked).toEqual([]);
  });

  test.each([
    [false, 'connect'],
    [true, 'lost'],
  ])('an error (sent: %s) is %s', async (isSent, failure) => {
    const { exchange, start, lose } = anExchange();
    if (isSent) start();
    lose();
    expect(await exchange.answered).toBe(failure);
  });

  test('what was given up while it connected is never sent', async () => {
    const { clock, exchange, start, asked } = anExchange();
    exchange.abort('client_gone');
    expect(await exchange.answered).toBe('client_gone');
    start();
    expect(asked).toEqual(['abort client_gone']);
    expect(exchange.isSent).toBe(false);
    expect(clock.waiting).toBe(0);
  });
});

describe('before it is sent', () => {
  test('it is asked whether it may be, and if not it is not', async () => {
    const { clock, exchange, start, asked, lose } = anExchange();
    exchange.startWhen({ ...CONDITIONS, mayStart: () => false });
    expect(asked).toEqual([]);
    start();
    expect(asked).toEqual(['abort withdrawn']);
    lose();
    expect(await exchange.answered).toBe('withdrawn');
    expect([exchange.isSent, clock.waiting]).toEqual([false, 0]);
  });

  test('it is asked then, and not when it was wished', () => {
    let mayStart = false;
    const { exchange, start } = anExchange();
    exchange.startWhen({ ...CONDITIONS, mayStart: () => mayStart });
    mayStart = true;
    start();
    expect(exchange.isSent).toBe(true);
  });

  test.each([true, false])('it learns whether its connection had served before: %s', (isReused) => {
    const { exchange, start } = anExchange();
    exchange.startWhen({ ...CONDITIONS, isReused: () => isReused });
    expect(exchange.isReused).toBe(false);
    start();
    expect(exchange.isReused).toBe(isReused);
  });
});

describe('whether any byte of an answer came', () => {
  test.each<[string, (upstream: ReturnType<typeof anExchange>) => void, boolean]>([
    ['nothing', () => undefined, false],
    ['a close', ({ lose }) => lose(), false],
    ['an interim answer', ({ answer }) => answer(103), true],
    ['a head', ({ answer }) => answer(200), true],
  ])('%s', (_name, happen, expected) => {
    const upstream = anExchange();
    upstream.start();
    happen(upstream);
    expect(upstream.exchange.hasAnswered).toBe(expected);
  });

  test('is told by the connection, too: what is no answer is bytes all the same', () => {
    let bytes = 500;
    const { exchange, start, lose } = anExchange();
    exchange.startWhen({ ...CONDITIONS, bytesRead: () => bytes });
    start();
    expect(exchange.hasAnswered).toBe(false);
    bytes += 1;
    lose();
    expect(exchange.hasAnswered).toBe(true);
  });
});

describe('its connection', () => {
  test.each(['end', 'lose'] as const)('is given back once, when all is over (%s)', (how) => {
    const upstream = anExchange();
    let given = 0;
    upstream.exchange.onOver = () => void (given += 1);
    upstream.head();
    expect(given).toBe(0);
    upstream[how]();
    upstream.lose();
    expect(given).toBe(1);
  });

  test('is not given back by an abort alone: its other end may still speak', () => {
    const upstream = anExchange();
    let given = 0;
    upstream.exchange.onOver = () => void (given += 1);
    upstream.head();
    upstream.exchange.abort('client_gone');
    expect(given).toBe(0);
    upstream.lose();
    expect(given).toBe(1);
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
    const { exchange, head, data, end, asked } = anExchange();
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
    end();
    expect(first.seen).toEqual(['1', '2']);
    expect(second.seen).toEqual(['1', '2', '3', 'end']);
  });

  test.each([['end'], ['lost']])('one that came late is told of the %s', (ending) => {
    const { exchange, head, data, end, lose } = anExchange();
    head();
    data(5);
    if (ending === 'end') end();
    else lose();
    const { seen, consumer } = aConsumer();
    exchange.consume(consumer);
    expect(seen).toEqual(['5', ending]);
  });

  test('its end is told once, whatever comes after', () => {
    const { clock, exchange, head, end, lose, asked } = anExchange();
    head();
    const { seen, consumer } = aConsumer();
    exchange.consume(consumer);
    end();
    end();
    lose();
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
    other.lose();
    other.end();
    expect(lost.seen).toEqual(['deadline']);
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

describe('silence where both waits are equally long', () => {
  const equal = { ...TIMEOUTS, idleMs: 1000 };

  test('is that of the answer from its head on', () => {
    const { clock, exchange, start, answer, data } = anExchange(equal);
    start();
    clock.advance(999);
    answer(200);
    const { seen, consumer } = aConsumer();
    exchange.consume(consumer);
    clock.advance(999);
    data(1);
    clock.advance(999);
    expect(seen).toEqual(['1']);
    clock.advance(1);
    expect(seen).toEqual(['1', 'idle_timeout']);
    expect(clock.waiting).toBe(0);
  });

  test('is not held against an upstream that is paused', () => {
    const { clock, exchange, head } = anExchange(equal);
    head();
    const { seen, consumer } = aConsumer();
    exchange.consume(consumer);
    exchange.pause();
    clock.advance(100_000);
    exchange.resume();
    clock.advance(999);
    expect(seen).toEqual([]);
    clock.advance(1);
    expect(seen).toEqual(['idle_timeout']);
  });
});

test('an exchange that was let go of tells nobody any more', () => {
  const { exchange, head, data, end } = anExchange();
  head();
  const { seen, consumer } = aConsumer();
  exchange.consume(consumer);
  exchange.release();
  data(5);
  end();
  expect([seen, exchange.headers]).toEqual([[], {}]);
});

const WHOSE: [Failure, whose: string][] = [
  ['connect', ''],
  ['token_refused', ''],
  ['withdrawn', ''],
  ['lost', 'upstream'],
  ['first_byte_timeout', 'upstream'],
  ['idle_timeout', 'upstream'],
  ['client_gone', 'call'],
  ['deadline', 'call'],
  ['draining', 'call'],
  ['key_revoked', 'call'],
  ['client_stalled', ''],
];

test.each(WHOSE)('%s is the doing of the %s', (failure, whose) => {
  expect([isUpstreams(failure), isOfCall(failure)]).toEqual([
    whose === 'upstream',
    whose === 'call',
  ]);
});

test.each([
  ['deadline', 'deadline'],
  ['draining', 'draining'],
  ['key_revoked', 'key_revoked'],
  ['client_gone', 'client_gone'],
  ['lost', 'client_gone'],
  ['anything', 'client_gone'],
  [undefined, 'client_gone'],
])('a call whose signal says %s has ended by %s', (reason, failure) => {
  const ending = new AbortController();
  ending.abort(reason);
  expect(endingOf(ending.signal)).toBe(failure);
});
