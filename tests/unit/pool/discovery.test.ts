import { describe, expect, test } from '@jest/globals';
import type { EventDraft, EventLog } from '../../../src/events/log.ts';
import { AccessTokens } from '../../../src/pool/access-tokens.ts';
import { Discovery } from '../../../src/pool/discovery.ts';
import type { Member } from '../../../src/pool/member.ts';
import type { Pool } from '../../../src/pool/pool.ts';
import { ManualClock } from '../../support/manual-clock.ts';
import {
  MINUTE_MS,
  aDirectory,
  aFarEnd,
  aKind,
  aLog,
  aMember,
  aPool,
  answering,
  quiet,
} from './fixture.ts';
import type { FarEnd, PoolParts } from './fixture.ts';

const listing = (...ids: unknown[]) =>
  answering({ object: 'list', data: ids.map((id) => ({ id, created: 7, owned_by: 'them' })) });

/** Credentials in a pool and what asks for their models. */
function scout(reply: FarEnd['reply'], members: Member[] = [aMember('a')], parts: PoolParts = {}) {
  const clock = new ManualClock();
  const end = aFarEnd(reply);
  const { pool, told } = aPool(members, parts);
  const pools = aDirectory(pool);
  const { logger, logs } = aLog();
  const recorded: EventDraft[] = [];
  const events = {
    record(drafts: EventDraft[]) {
      recorded.push(...drafts);
      return Promise.resolve();
    },
  } as unknown as EventLog;
  const tokens = new AccessTokens(clock, end.fetchText);
  const discovery = new Discovery({
    clock,
    tokens,
    fetchText: end.fetchText,
    pools,
    events,
    logger,
  });
  return { clock, end, pool, pools, told, logs, recorded, discovery };
}

const who = (pool: Pool, model: string) => [...pool.models.resolve(model).keys()].join('');
const known = (member: Member | undefined) => [...(member?.discovered?.keys() ?? [])];

describe('a list', () => {
  test('is taken in: who serves which model is known', async () => {
    const members = [aMember('a'), aMember('b'), aMember('c')];
    const { discovery, pool, recorded, end } = scout(({ headers }) => {
      if (headers['authorization'] === 'Bearer sk-canary-a') return listing('gpt', 'o3');
      return headers['authorization'] === 'Bearer sk-canary-b' ? listing('gpt') : 500;
    }, members);
    expect(who(pool, 'o3')).toBe('abc');
    await discovery.refresh();
    expect(end.asked.map(({ url }) => url)).toEqual(
      members.map(() => 'http://127.0.0.1:1/v1/models'),
    );
    // The one that never answered serves everything.
    expect([who(pool, 'gpt'), who(pool, 'o3'), who(pool, 'x')]).toEqual(['abc', 'ac', 'c']);
    expect(members[0]?.discovered?.get('gpt')).toEqual({ id: 'gpt', created: 7, ownedBy: 'them' });
    expect(recorded).toEqual(
      ['a', 'b'].map((subject, at) => ({
        type: 'credential_models.changed',
        subject,
        actor: 'system',
        before: null,
        after: { count: 2 - at },
      })),
    );
  });

  test('that has not changed changes nothing: what was mapped stays', async () => {
    const { discovery, pool, recorded, end } = scout(listing('gpt', 'o3'));
    await discovery.refresh();
    const [{ models }, listed] = [pool, pool.members[0]?.discovered];
    end.reply = listing('o3', 'gpt');
    await discovery.refresh();
    expect(pool.models).toBe(models);
    expect(pool.members[0]?.discovered).toBe(listed);
    expect(recorded).toHaveLength(1);
  });

  test.each([
    ['longer', ['gpt', 'o3', 'o4'], 3],
    ['shorter', ['gpt'], 1],
    ['of the same length', ['gpt', 'o4'], 2],
  ])('that is %s is taken in anew', async (_name, ids, count) => {
    const { discovery, pool, recorded, end } = scout(listing('gpt', 'o3'));
    await discovery.refresh();
    end.reply = listing(...ids);
    await discovery.refresh();
    expect(known(pool.members[0])).toEqual(ids);
    for (const model of ['gpt', 'o3', 'o4']) {
      expect(who(pool, model)).toBe(ids.includes(model) ? 'a' : '');
    }
    expect(recorded.at(-1)).toMatchObject({ before: { count: 2 }, after: { count } });
  });

  test('is read as far as it is one', async () => {
    const data = [
      { id: 'ok' },
      { id: 5 },
      {},
      null,
      'text',
      { id: '' },
      { id: 'odd', created: 'x', owned_by: 7 },
    ];
    const { discovery, pool } = scout(answering({ data }));
    await discovery.refresh();
    expect([...(pool.members[0]?.discovered?.values() ?? [])]).toEqual([
      { id: 'ok', created: 0, ownedBy: '' },
      { id: 'odd', created: 0, ownedBy: '' },
    ]);
  });

  test('has twenty thousand models at most', async () => {
    const { discovery, pool } = scout(
      listing(...Array.from({ length: 20_001 }, (_each, at) => `m${at}`)),
    );
    await discovery.refresh();
    expect(known(pool.members[0])).toHaveLength(20_000);
  });

  test('is asked for and read as the provider wants it', async () => {
    const kind = aKind({
      modelsPath: '/models',
      pathOf: (path) => `/beta${path}`,
      modelOf: (listed) => listed.replace('models/', ''),
    });
    const { discovery, pool, end } = scout(listing('models/pro'), [aMember('a', { kind })]);
    await discovery.refresh();
    expect(end.asked.map(({ url }) => url)).toEqual(['http://127.0.0.1:1/beta/models']);
    expect(known(pool.members[0])).toEqual(['pro']);
  });

  test.each<[string, Member, PoolParts]>([
    ['a provider that lists none', aMember('a', { kind: aKind({ modelsPath: null }) }), {}],
    ['a pool that does not want it', aMember('a'), { policy: { discoversModels: false } }],
  ])('is not asked for: %s', async (_name, member, parts) => {
    const { discovery, end } = scout(listing('gpt'), [member], parts);
    await discovery.refresh();
    expect([end.asked, member.discovered]).toEqual([[], null]);
  });
});

describe('a failure', () => {
  test.each<[string, FarEnd['reply'], string]>([
    ['500', 500, 'the provider answered 500'],
    ['a redirect', 302, 'the provider answered 302'],
    ['401', 401, 'the provider answered 401'],
    ['no connection', 'broken', 'other side closed'],
    ['no JSON', answering('sk-canary-a is wrong'), 'the answer is not JSON'],
    ['no list', answering({ data: { gpt: 'sk-canary-a' } }), 'the answer is no list of models'],
    ['null', answering(null), 'the answer is no list of models'],
    ['an empty list', answering({ data: [] }), 'the answer names no model'],
    [
      'entries without an id',
      answering({ data: [{ name: 'sk-canary-a' }, { id: '' }, null] }),
      'the answer names no model',
    ],
  ])('%s changes nothing, and is logged without the secret', async (_name, reply, message) => {
    const { discovery, pool, end, logs, recorded } = scout(listing('gpt'));
    await discovery.refresh();
    const { models } = pool;
    end.reply = reply;
    await discovery.refresh();
    expect(known(pool.members[0])).toEqual(['gpt']);
    expect(pool.models).toBe(models);
    expect(recorded).toHaveLength(1);
    expect(logs()).toContain(message);
    expect(logs()).toContain('"credential":"name of a"');
    expect(logs()).not.toContain('sk-canary');
  });

  test('an empty first list leaves a credential serving everything', async () => {
    const { discovery, pool, recorded } = scout(answering({ data: [] }));
    await discovery.refresh();
    expect([who(pool, 'gpt'), pool.members[0]?.discovered, recorded]).toEqual(['a', null, []]);
  });

  test('of one credential is nothing to the others', async () => {
    const { discovery, pool } = scout(
      ({ headers }) =>
        headers['authorization'] === 'Bearer sk-canary-a' ? 'broken' : listing('gpt'),
      [aMember('a'), aMember('b')],
    );
    await discovery.refresh();
    expect(pool.members.map(known)).toEqual([[], ['gpt']]);
  });

  test('of the store is logged, and the list known nonetheless', async () => {
    const { discovery, pool, logs, recorded } = scout(listing('gpt'));
    recorded.push = () => {
      throw new Error('disk full');
    };
    await discovery.refresh();
    expect(known(pool.members[0])).toEqual(['gpt']);
    expect(logs()).toContain('disk full');
  });
});

test.each([
  [401, ['blocked', 'wantsProbe']],
  [403, []],
  [500, []],
])('%i leads to %j', async (status, expected) => {
  const { discovery, told, pool, clock } = scout(status);
  await discovery.refresh();
  expect(told.map(({ what }) => what)).toEqual(expected);
  if (expected.length === 0) return;
  expect(told[0]).toMatchObject({ who: 'a', said: { state: 'suspect' }, requestId: null });
  expect(pool.members[0]?.health.exclusion('m', clock.now())?.reason).toBe('suspect');
});

test('a banned credential that is refused here too is not suspected of it again', async () => {
  const { discovery, told, pool } = scout(401);
  pool.members[0]?.health.ban({ id: 'b', model: null, untilMs: null, strike: 1, hasTrial: false });
  await discovery.refresh();
  expect(told).toEqual([]);
});

describe('rounds', () => {
  test('callers during one share it', async () => {
    const { discovery, end } = scout(listing('gpt'));
    const rounds = Array.from({ length: 10 }, () => discovery.refresh());
    expect(new Set(rounds).size).toBe(1);
    await Promise.all(rounds);
    expect(end.asked).toHaveLength(1);
    await discovery.refresh();
    expect(end.asked).toHaveLength(2);
  });

  test('a reload meanwhile takes nothing away from the answer', async () => {
    const arrived = Promise.withResolvers<void>();
    const { discovery, pool, pools } = scout(() => arrived.promise.then(() => listing('gpt')));
    const round = discovery.refresh();
    const again = aMember('a', {}, pool.members[0]);
    const rebuilt = aPool([again], { before: pool }).pool;
    pools.pools = [rebuilt];
    arrived.resolve();
    await round;
    expect(known(again)).toEqual(['gpt']);
    expect(who(rebuilt, 'o3')).toBe('');
  });

  test('one is at the start, the next five minutes after it ended', async () => {
    const { discovery, end, clock } = scout(listing('gpt'));
    await discovery.start();
    expect([end.asked.length, clock.waits]).toEqual([1, [5 * MINUTE_MS]]);
    for (const rounds of [2, 3]) {
      clock.advance(5 * MINUTE_MS);
      await quiet();
      expect([end.asked.length, clock.waits]).toEqual([rounds, [5 * MINUTE_MS]]);
    }
  });

  test('the start waits three seconds for those that do not answer, and takes them in later', async () => {
    const late = Promise.withResolvers<ReturnType<typeof listing>>();
    const { discovery, pool, clock } = scout(
      ({ headers }) =>
        headers['authorization'] === 'Bearer sk-canary-a' ? listing('gpt') : late.promise,
      [aMember('a'), aMember('b')],
    );
    let isStarted = false;
    const started = discovery.start().then(() => (isStarted = true));
    await quiet();
    clock.advance(2999);
    await quiet();
    expect([isStarted, ...pool.members.map(known)]).toEqual([false, ['gpt'], []]);
    clock.advance(1);
    await started;
    late.resolve(listing('o3'));
    await quiet();
    expect(known(pool.members[1])).toEqual(['o3']);
    // The round is over: only the next one is waited for.
    expect(clock.waits).toEqual([5 * MINUTE_MS]);
  });

  test('a stop ends what is under way, silently, and there is no further round', async () => {
    const { discovery, clock, logs, end } = scout('silent');
    const started = discovery.start();
    await quiet();
    await discovery.stop();
    await started;
    expect([clock.waits, logs()]).toEqual([[], '']);
    clock.advance(10 * MINUTE_MS);
    await quiet();
    expect(end.asked).toHaveLength(1);
  });

  test('a stop between rounds ends them', async () => {
    const { discovery, clock } = scout(listing('gpt'));
    await discovery.start();
    await discovery.stop();
    expect(clock.waits).toEqual([]);
  });
});
