import { Readable } from 'node:stream';
import { describe, expect, test } from '@jest/globals';
import { BudgetBook } from '../../../src/accounting/budgets/budget-book.ts';
import { Limits } from '../../../src/accounting/limits.ts';
import type { CallRecord } from '../../../src/entities/call-record.ts';
import type { PoolPolicy } from '../../../src/entities/pool-policy.ts';
import type { GatewayError } from '../../../src/errors/gateway-error.ts';
import { AccessTokens } from '../../../src/pool/access-tokens.ts';
import type { Member } from '../../../src/pool/member.ts';
import type { Pool } from '../../../src/pool/pool.ts';
import { google } from '../../../src/providers/google.ts';
import type { DataPlane } from '../../../src/proxy/data-plane.ts';
import type { Exchange } from '../../../src/proxy/exchange.ts';
import { handle } from '../../../src/proxy/handle.ts';
import { IdempotentCalls } from '../../../src/proxy/idempotent-calls.ts';
import { KeyWatch } from '../../../src/proxy/key-watch.ts';
import { RetryBudget } from '../../../src/proxy/retry-budget.ts';
import type { OutgoingRequest } from '../../../src/proxy/transport.ts';
import {
  Client,
  HandClock,
  NOW,
  aKey,
  aMember,
  aPool,
  aRule,
  alike,
  anUpstream,
  facts,
  rejection,
} from './fixture.ts';

const KEY = aKey({ id: 'k1' });
const JSON_TYPE = { 'content-type': 'application/json' };
const ANSWER = '{"choices":[],"usage":{"prompt_tokens":3,"completion_tokens":2}}';

type Upstream = ReturnType<typeof anUpstream>;
/** What an upstream does with a request; the connection may have served before. */
type Says = (upstream: Upstream, request: OutgoingRequest) => void;

const says =
  (
    status: number,
    body = '{"error":{"message":"x"}}',
    headers: Record<string, string> = {},
  ): Says =>
  (upstream) => {
    upstream.head(status, { ...JSON_TYPE, ...headers });
    upstream.data(body);
    upstream.end();
  };
const serves = says(200, ANSWER);
const dies: Says = ({ start, lose }) => {
  start();
  lose();
};
const refusesConnection: Says = ({ lose }) => lose();

const aCaller = (headers: Record<string, string> = {}, text = '{"model":"m"}') => {
  const body = Readable.from([Buffer.from(text)], { objectMode: false });
  const shown = { authorization: 'Bearer x', 'content-type': 'application/json', ...headers };
  return new Client({ headers: shown, body, hasBody: true });
};

const breaksOff: Says = ({ head, lose }) => {
  head(200, { ...JSON_TYPE, 'content-length': '99' });
  lose();
};

/** A data plane whose upstreams do, one request after the other, what they are told to. */
function aPlane(pool: Pool, script: Says[], parts: Partial<DataPlane> = {}) {
  const clock = new HandClock();
  const records: CallRecord[] = [];
  const tried: string[] = [];
  const selected: [from: string, to: string][] = [];
  const upstreams = new Map<Exchange, Upstream>();
  const keys = { find: () => KEY, again: () => KEY, isActive: () => true };
  const plane = {
    clock,
    random: () => 0,
    keys,
    keyWatch: new KeyWatch(keys, clock),
    pools: { get: () => pool },
    transport: {
      exchange() {
        const upstream = anUpstream(clock);
        upstreams.set(upstream.exchange, upstream);
        return upstream.exchange;
      },
      send(exchange: Exchange, { id, name }: Member, request: OutgoingRequest) {
        const { mayStart, isFresh } = request;
        tried.push(`${id.length === 1 ? id : name}${isFresh ? ' on a new connection' : ''}`);
        const conditions = {
          isReused: () => !isFresh,
          bytesRead: () => 0,
          giveUp: () => undefined,
        };
        exchange.startWhen({ mayStart, ...conditions });
        const upstream = upstreams.get(exchange);
        const next = script.shift();
        if (upstream === undefined || next === undefined) throw new Error('nobody is there');
        next(upstream, request);
      },
    },
    tokens: new AccessTokens(clock),
    limits: new Limits(),
    budgets: new BudgetBook(() => undefined),
    retries: new RetryBudget(() => 0),
    idempotent: new IdempotentCalls({ clock }),
    counter: { count: () => Promise.resolve(null) },
    callerKinds: [
      { kind: google, header: 'x-google-api-key', origin: 'https://g.test', prefix: '' },
    ],
    bodyLimitBytes: 1e6,
    prices: { of: () => undefined },
    ledger: {
      hold: async () => undefined,
      settle: (record: CallRecord) => void records.push(record),
    },
    onSettled: () => undefined,
    onSelected: (_pool: Pool, from: Member, to: Member) => void selected.push([from.id, to.id]),
    ...parts,
  } as unknown as DataPlane;
  /** A call to its end: what its client got, or was refused with. */
  const call = async (headers?: Record<string, string>) => {
    const client = aCaller(headers);
    const error = await handle(client.call, plane).then(
      () => null,
      (thrown: unknown) => thrown as GatewayError,
    );
    return { client, error, code: error?.code ?? null };
  };
  return { plane, clock, records, tried, selected, call };
}

const verdicts = (record: CallRecord | undefined) => record?.attempts.map(({ verdict }) => verdict);
const isIdle = (pool: Pool) => pool.members.every(({ inFlight }) => inFlight === 0);

const aStrategy = (letters: string, policy: Parameters<typeof aPool>[1] = {}) =>
  aPool(alike(letters), { strategy: 'selected_then_rotate', ...policy });

describe('a call', () => {
  test('is served by the first that can, and is on record with how it came about', async () => {
    const pool = aStrategy('abc');
    const { call, records, tried } = aPlane(pool, [says(401), says(500), serves]);
    const { client } = await call();
    expect([client.status, client.body]).toEqual([200, ANSWER]);
    expect(tried).toEqual(['a', 'b', 'c']);
    expect(records).toMatchObject([
      { outcome: 'settled', credentialId: 'c', route: { order: ['a', 'b', 'c'] } },
    ]);
    expect(records[0]?.attempts).toMatchObject([
      { credential: 'a', status: 401, verdict: 'unauthorized' },
      { credential: 'b', status: 500, verdict: 'server_error' },
      { credential: 'c', status: 200, verdict: 'served' },
    ]);
    expect(isIdle(pool)).toBe(true);
  });

  test('goes no further than the pool’s number of attempts', async () => {
    const { call, tried } = aPlane(aStrategy('abc', { attemptsMax: 2 }), [says(401), says(401)]);
    expect((await call()).code).toBe('no_credentials');
    expect(tried).toEqual(['a', 'b']);
  });

  test('that is wrong itself gets its answer back, and nobody else is asked', async () => {
    const pool = aStrategy('ab');
    const { call, tried, records } = aPlane(pool, [says(400, '{"error":{"message":"too long"}}')]);
    const { client } = await call();
    expect([client.status, client.body]).toEqual([400, '{"error":{"message":"too long"}}']);
    expect([tried, records[0]?.outcome]).toEqual([['a'], 'voided']);
    expect(pool.members[0]?.health.isClear).toBe(true);
  });

  test.each<[string, string, code: string]>([
    ['a page', '<html>', 'invalid_request'],
    ['a text', '{"error":"x"}', 'invalid_request'],
    ['one that quotes the credential', '{"error":{"message":"sk-of-a"}}', 'invalid_request'],
  ])('that is wrong gets no answer back that is no error object: %s', async (_name, body, code) => {
    const { call } = aPlane(aStrategy('ab'), [says(422, body)]);
    const { error, client } = await call();
    expect([error?.code, client.isStarted]).toEqual([code, false]);
    expect(error?.message).not.toContain('sk-of-a');
  });

  test('whose credentials are all out of order is told to come back in half a minute', async () => {
    const { call } = aPlane(aStrategy('ab'), [says(401), says(402)]);
    // Also the call that found it out.
    for (let turn = 0; turn < 3; turn += 1) {
      const { error } = await call();
      expect([error?.code, error?.retryAfterMs]).toEqual(['no_credentials', 30_000]);
    }
  });

  test('that may have run is not sent again', async () => {
    const { call, tried } = aPlane(aStrategy('ab'), [breaksOff]);
    expect((await call()).code).toBe('upstream_error');
    expect(tried).toEqual(['a']);
  });

  test('asks nobody who was banned while the connection was made', async () => {
    const pool = aStrategy('ab');
    const bannedMeanwhile: Says = ({ start, lose }) => {
      pool.members[0]?.health.ban({
        id: 'x',
        model: null,
        untilMs: null,
        strike: 1,
        hasTrial: false,
      });
      start();
      lose();
    };
    const { call, tried, records } = aPlane(pool, [bannedMeanwhile, serves]);
    expect((await call()).client.status).toBe(200);
    expect(tried).toEqual(['a', 'b']);
    expect(verdicts(records[0])).toEqual(['withdrawn', 'served']);
  });

  test('whose credentials are all limited is told the earliest time', async () => {
    const waits = [7, 3, 5].map((seconds) => says(429, '{}', { 'retry-after': String(seconds) }));
    const { call, clock } = aPlane(aStrategy('abc'), waits);
    const { error } = await call();
    expect([error?.code, error?.retryAfterMs]).toEqual(['upstream_rate_limited', 3000]);
    clock.advance(1000);
    expect((await call()).error?.retryAfterMs).toBe(2000);
  });

  test('for a model that nobody has is refused, and takes nobody’s turn', async () => {
    const pool = aPool([aMember('a', { models: ['x'] }), aMember('b', { models: ['x'] })]);
    const { call } = aPlane(pool, []);
    expect((await call()).code).toBe('model_not_found');
    expect(pool.turn.cursor).toBe(0);
  });
});

describe('a connection that was found closed', () => {
  test('is replaced for the same credential, once, and counts as no attempt', async () => {
    const pool = aPool([aMember('a', { limits: { rpm: 1, tpm: null } }), aMember('b')], {
      attemptsMax: 1,
    });
    const { call, tried, records } = aPlane(pool, [dies, serves]);
    expect((await call()).client.status).toBe(200);
    expect(tried).toEqual(['a', 'a on a new connection']);
    expect(verdicts(records[0])).toEqual(['stale_connection', 'served']);
    expect([pool.members[0]?.health.isClear, isIdle(pool)]).toEqual([true, true]);
  });

  test('and whose replacement is closed, too, is the end of the call', async () => {
    const { call, tried } = aPlane(aStrategy('ab'), [dies, dies]);
    expect((await call()).code).toBe('upstream_error');
    expect(tried).toEqual(['a', 'a on a new connection']);
  });

  test('is followed by the next credential where the replacement says so', async () => {
    const { call, tried } = aPlane(aStrategy('ab'), [dies, says(401), serves]);
    expect((await call()).client.status).toBe(200);
    expect(tried).toEqual(['a', 'a on a new connection', 'b']);
  });

  test('does not use up the trial of who may be well again', async () => {
    const pool = aStrategy('a');
    const [member] = pool.members;
    if (member === undefined) throw new Error('a');
    const { call, clock } = aPlane(pool, [dies, serves]);
    pool.report(member, { kind: 'exhausted' }, facts('m', { status: 402 }));
    clock.advance(300_000);
    expect((await call()).client.status).toBe(200);
    expect(member.health.blocks(NOW + 300_000)).toEqual([]);
  });
});

const leftOf = ({ retries }: DataPlane): number => {
  let taken = 0;
  while (retries.tryTake()) taken += 1;
  for (let given = 0; given < taken; given += 1) retries.giveBack();
  return taken;
};

describe('the retry budget', () => {
  test.each<[string, Says[]]>([
    ['served', [refusesConnection, serves]],
    ['refused', [says(500), says(400)]],
    ['given up', [says(500), says(500), says(500)]],
    ['lost', [says(500), dies, dies]],
    ['not sent by anybody', [says(500)]],
  ])('is whole again after a call that was tried again and %s', async (_name, script) => {
    const { call, plane } = aPlane(aStrategy('abc'), script);
    await call();
    expect(leftOf(plane)).toBe(3);
  });

  test('bounds what calls at once add to an origin that is unwell', async () => {
    const pool = aPool(alike('abcdefghij'), { strategy: 'round_robin', attemptsMax: 2 });
    const waiting: (() => void)[] = [];
    const holds: Says = ({ head, data, end }) =>
      void waiting.push(() => {
        head(200, JSON_TYPE);
        data(ANSWER);
        end();
      });
    const { call, plane, tried } = aPlane(pool, [
      ...Array(10).fill(says(500)),
      ...Array(3).fill(holds),
    ]);
    const calls = Array.from({ length: 10 }, () => call());
    const refused = await Promise.race(calls);
    expect(refused.code).toBe('upstream_error');
    for (const answer of waiting.splice(0)) answer();
    const served = (await Promise.all(calls)).filter(({ client }) => client.status === 200);
    expect([served.length, tried.length]).toEqual([3, 13]);
    expect(leftOf(plane)).toBe(3);
  });
});

const anOpenPool = (members: Member[], policy: Partial<PoolPolicy> = {}) =>
  aPool(members, { callerCredentials: true, ...policy });

describe('a caller’s own credential', () => {
  const own = { 'x-google-api-key': 'AIza-of-the-caller' };
  test.each([400, 401, 402, 403, 429])(
    'is told of its %i as it is, and nobody steps in',
    async (status) => {
      const pool = anOpenPool([aMember('a', { kind: google })]);
      const { call, tried, records } = aPlane(pool, [says(status, '{"error":{"message":"no"}}')]);
      const { client } = await call(own);
      expect([client.status, client.body]).toEqual([status, '{"error":{"message":"no"}}']);
      expect(tried).toEqual(['caller']);
      expect(records[0]).toMatchObject({ credentialId: 'caller', route: { strategy: 'caller' } });
      expect(records[0]?.costNano).toBe(0n);
      expect(pool.members[0]?.health.isClear).toBe(true);
    },
  );

  test.each([401, 402, 403, 429, 500])(
    'that fails (%i) is not looked after as one of ours is',
    async (status) => {
      const told: string[] = [];
      const note = (what: string) => () => void told.push(what);
      const pool = aPool(
        [],
        { callerCredentials: true },
        {
          blocked: note('blocked'),
          wantsProbe: note('probe'),
          wantsBalance: note('balance'),
          sentenced: note('sentenced'),
          ejected: note('ejected'),
        },
      );
      const { call, selected } = aPlane(pool, Array(5).fill(says(status)));
      for (let turn = 0; turn < 5; turn += 1) await call(own);
      expect([told, selected]).toEqual([[], []]);
    },
  );

  test('that an error quotes is not repeated', async () => {
    const { call } = aPlane(anOpenPool([]), [
      says(401, '{"error":{"message":"AIza-of-the-caller"}}'),
    ]);
    const { error } = await call(own);
    expect(error?.code).toBe('invalid_provider_credential');
    expect(error?.message).not.toContain('AIza');
  });

  test('is served though the pool’s own are set aside, and costs nothing here', async () => {
    const banned = aMember('a', { kind: google });
    banned.health.ban({ id: 'x', model: null, untilMs: null, strike: 1, hasTrial: false });
    const { call, records } = aPlane(anOpenPool([banned]), [serves]);
    expect((await call(own)).client.status).toBe(200);
    expect(records[0]).toMatchObject({
      outcome: 'settled',
      holdNano: 0n,
      costNano: 0n,
      isPriced: true,
    });
  });
});

describe('a failure of the one that is selected', () => {
  test('selects the next, once, however many calls it failed', async () => {
    const pool = aStrategy('abc');
    const waiting: (() => void)[] = [];
    const refusesLater: Says = (upstream, request) =>
      void waiting.push(() => says(429, '{}', { 'retry-after': '60' })(upstream, request));
    const script = [...Array(50).fill(refusesLater), ...Array(50).fill(serves)];
    const { call, selected, tried } = aPlane(pool, script);
    const calls = Array.from({ length: 50 }, () => call());
    while (waiting.length < 50) await new Promise((resolve) => setImmediate(resolve));
    for (const refuse of waiting) refuse();
    for (const { client } of await Promise.all(calls)) expect(client.status).toBe(200);
    expect(selected).toEqual([['a', 'b']]);
    expect(pool.turn.selectedId).toBe('b');
    expect(tried.slice(50)).toEqual(Array(50).fill('b'));
  });

  test.each([[says(500)], [refusesConnection], [says(400)]])(
    'selects nobody if it is not its own',
    async (fails) => {
      const pool = aStrategy('ab');
      const { call, selected } = aPlane(pool, [fails, serves]);
      await call();
      expect([selected, pool.turn.selectedId]).toEqual([[], null]);
    },
  );
});

describe('limits of tokens', () => {
  test('count what was used in the end, of the credential and of the pool’s model', async () => {
    const limits = { rpm: null, tpm: 1100 };
    const pool = aPool([aMember('a', { limits })], { models: [aRule('m', { tpm: 1100 })] });
    const { call } = aPlane(pool, [serves, serves, serves]);
    // Each may use 1,028 tokens, and uses 5.
    for (let turn = 0; turn < 3; turn += 1) expect((await call()).client.status).toBe(200);
  });

  test.each<[string, Says]>([
    ['refused', says(400)],
    ['failed', says(500)],
  ])('count nothing for a call that %s', async (_name, fails) => {
    const limits = { rpm: null, tpm: 1100 };
    const pool = aPool([aMember('a', { limits })], { models: [aRule('m', { tpm: 1100 })] });
    const { call } = aPlane(pool, [fails, serves]);
    await call();
    expect((await call()).client.status).toBe(200);
  });
});

test('a key without a pool, and a body that is no JSON, are refused before anybody is asked', async () => {
  const { plane } = aPlane(aStrategy('a'), []);
  const broken = aCaller({}, '{');
  expect(await rejection(handle(broken.call, plane))).toMatchObject({ code: 'invalid_request' });
  const poolless = { ...plane, pools: { get: () => undefined } };
  expect(await rejection(handle(aCaller().call, poolless))).toMatchObject({
    code: 'no_credentials',
  });
});
