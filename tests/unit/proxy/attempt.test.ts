import { Readable } from 'node:stream';
import { expect, test } from '@jest/globals';
import type { Dispatcher } from 'undici';
import { systemClock } from '../../../src/lib/clock.ts';
import { Secret } from '../../../src/lib/secret.ts';
import { Member } from '../../../src/pool/member.ts';
import { Pool } from '../../../src/pool/pool.ts';
import { openai } from '../../../src/providers/openai.ts';
import { attempt } from '../../../src/proxy/attempt.ts';
import type { Call } from '../../../src/proxy/call.ts';
import { Exchange } from '../../../src/proxy/exchange.ts';
import type { Transport } from '../../../src/proxy/transport.ts';

const timeouts = { connectMs: 5000, firstByteMs: 60_000, idleMs: 60_000, totalMs: 600_000 };

const member = new Member({
  id: 'c1',
  name: 'c1',
  poolName: 'default',
  kind: openai,
  origin: 'http://127.0.0.1:1',
  prefix: '',
  secret: new Secret('sk-upstream'),
  balanceNano: null,
  balanceUsedNano: null,
  balanceCheckedAtMs: null,
});

const policy = {
  attemptsMax: 3,
  passthrough: false,
  unpriced: 'record' as const,
  minCreditNano: '0',
  timeouts,
};
const pool = new Pool(
  { id: 'p1', name: 'default', strategy: 'round_robin', policy },
  [member],
  () => undefined,
);

const controller = {
  pause: () => undefined,
  resume: () => undefined,
  abort: () => undefined,
} as unknown as Dispatcher.DispatchController;

/** An attempt on an exchange that the test plays the upstream of. */
function anAttempt() {
  const exchange = new Exchange(timeouts, systemClock);
  const ending = new AbortController();
  const call = {
    id: 'request-1',
    method: 'POST',
    path: '/v1/chat/completions',
    query: '',
    headers: {},
    body: Readable.from([]),
    signal: ending.signal,
  } as unknown as Call;
  const transport = { send: () => exchange } as unknown as Transport;
  const outgoing = { body: { kind: 'none' } as const, pool };
  const start = () => attempt(call, member, outgoing, { transport, clock: systemClock });
  return { exchange, ending, start };
}

const REASONS = [
  ['client_gone', 'client_gone'],
  ['deadline', 'deadline'],
  ['draining', 'draining'],
  ['anything else', 'client_gone'],
];

test.each(REASONS)(
  'a call that ends by %s ends its upstream call as %s',
  async (reason, failure) => {
    const { exchange, ending, start } = anAttempt();
    const made = start();
    exchange.onRequestStart(controller);
    ending.abort(reason);
    expect((await made).answer).toEqual({ phase: 'failed', failure, isSent: true });
  },
);

test.each(REASONS)('so does one that ended before (%s)', async (reason, failure) => {
  const { ending, start } = anAttempt();
  ending.abort(reason);
  expect((await start()).answer).toEqual({ phase: 'failed', failure, isSent: false });
});

test.each(REASONS)(
  'while an error is read, %s counts for more than the error',
  async (reason, failure) => {
    const { exchange, ending, start } = anAttempt();
    const made = start();
    exchange.onRequestStart(controller);
    exchange.onResponseStart(controller, 500, {});
    await exchange.answered;
    ending.abort(reason);
    expect((await made).answer).toMatchObject({ phase: 'failed', failure });
  },
);

test('of an error that breaks off or never ends what came of it is taken', async () => {
  const { exchange, start } = anAttempt();
  const made = start();
  exchange.onRequestStart(controller);
  exchange.onResponseStart(controller, 429, { 'retry-after': '7' });
  exchange.onResponseData(
    controller,
    Buffer.from('{"error":{"code":null,"type":"insufficient_quota"}}'),
  );
  exchange.onResponseError();
  expect((await made).answer).toEqual({
    phase: 'answered',
    status: 429,
    errorCode: 'insufficient_quota',
    retryAfterMs: 7000,
  });

  const endless = anAttempt();
  const read = endless.start();
  endless.exchange.onRequestStart(controller);
  endless.exchange.onResponseStart(controller, 500, {});
  await endless.exchange.answered;
  for (let piece = 0; piece < 10; piece += 1) {
    endless.exchange.onResponseData(controller, Buffer.alloc(10_000, 'x'));
    await Promise.resolve();
  }
  expect((await read).errorBody?.length).toBeLessThan(100_000);
});
