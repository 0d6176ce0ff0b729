import { describe, expect, test } from '@jest/globals';
import type { ModelRule } from '../../../src/entities/pool-policy.ts';
import type { Random } from '../../../src/lib/random.ts';
import type { Lease } from '../../../src/pool/lease.ts';
import type { Member } from '../../../src/pool/member.ts';
import type { Pool } from '../../../src/pool/pool.ts';
import { vercel } from '../../../src/providers/vercel.ts';
import { PoolRoute } from '../../../src/proxy/route.ts';
import { HandClock, NOW, aMember, aPool, aRule, alike, facts } from './fixture.ts';

const MODEL = 'm';

const costOf = ({ id }: Member) => BigInt(id.charCodeAt(0));

/** One that knows its pool's clock and asks for `m`, or for what is said. */
function routes(pool: Pool, random: Random = () => 0) {
  const clock = new HandClock();
  const route = (asked: { model?: string; tokens?: number } = {}) => {
    const { model = MODEL, tokens = 0 } = asked;
    const served = pool.models.resolve(model);
    return new PoolRoute({ pool, served, tokens, costOf }, { clock, random });
  };
  return { clock, route };
}

/** Everybody who can be had, by id, each given back at once. */
function all(route: PoolRoute): string {
  let ids = '';
  for (let lease = route.next(); lease !== null; lease = route.next()) {
    ids += lease.member.id;
    lease[Symbol.dispose]();
  }
  return ids;
}

const taken = (route: PoolRoute): Lease => {
  const lease = route.next();
  if (lease === null) throw new Error('Somebody should be left.');
  return lease;
};

const named = (pool: Pool, id: string): Member => {
  const member = pool.member(id);
  if (member === undefined) throw new Error(id);
  return member;
};

const ban = (member: Member, untilMs: number | null = null, model: string | null = null) =>
  member.health.ban({ id: `ban-${member.id}`, model, untilMs, strike: 1, hasTrial: false });

const cool = (pool: Pool, id: string, ms: number, nowMs = NOW) =>
  pool.report(named(pool, id), { kind: 'cooling', ms }, facts(MODEL, { status: 429, nowMs }));

/** Fails until its origin is ejected, which it then is for 10 s: the jitter is in the middle. */
const eject = (pool: Pool, id: string) => {
  const { failures } = pool.policy.health.ejection;
  for (let failure = 0; failure < failures; failure += 1) {
    const effect = { kind: 'origin', isWhole: false, ms: null } as const;
    pool.report(named(pool, id), effect, facts(MODEL));
  }
};

describe('the order', () => {
  test.each([
    ['round_robin', ['abc', 'bca', 'cab', 'abc']],
    ['selected_then_rotate', ['abc', 'abc', 'abc', 'abc']],
    ['cheapest', ['abc', 'abc', 'abc', 'abc']],
    ['priority', ['abc', 'bca', 'cab', 'abc']],
  ])('is that of the pool’s strategy: %s', (strategy, expected) => {
    const pool = aPool(alike('abc'), { strategy });
    const { route } = routes(pool);
    for (const ids of expected) {
      const one = route();
      expect(all(one)).toBe(ids);
      expect(one.note).toEqual({ strategy, order: ids.split(''), excluded: [] });
    }
  });

  test('has what chance said noted, so that it can be drawn again', () => {
    const members = [aMember('a', { weight: 1 }), aMember('b', { weight: 3 }), aMember('c')];
    const said = [0.9, 0.95, 0.5];
    const { route } = routes(aPool(members, { strategy: 'weighted' }), () => said.shift() ?? 1);
    const one = route();
    expect(all(one)).toBe('cab');
    expect(one.note).toEqual({
      strategy: 'weighted',
      order: ['c', 'a', 'b'],
      excluded: [],
      draws: [0.9, 0.95],
    });
  });

  test('of latencies goes by those of the model as each one’s upstream knows it', () => {
    const rules = [aRule(MODEL, { upstream: 'other', credentials: ['b'] }), aRule(MODEL)];
    const pool = aPool(alike('ab'), { strategy: 'least_latency', models: rules });
    named(pool, 'a').latencies.note(MODEL, 200, 0);
    named(pool, 'a').latencies.note('other', 1, 0);
    named(pool, 'b').latencies.note('other', 100, 0);
    named(pool, 'b').latencies.note(MODEL, 900, 0);
    expect(all(routes(pool).route())).toBe('ba');
  });

  test('is chosen when the first is asked for: who is not admitted takes nobody’s turn', () => {
    const pool = aPool(alike('abc'));
    const { route } = routes(pool);
    const waiting = [route(), route(), route()];
    expect(pool.turn.cursor).toBe(0);
    expect(waiting.map((one) => taken(one).member.id).join('')).toBe('abc');
  });

  test('of a strategy that nobody knows is an error, not a guess', () => {
    expect(() => routes(aPool(alike('a'), { strategy: 'clever' })).route()).toThrow('clever');
  });
});

describe('who cannot serve', () => {
  test.each<[string, (pool: Pool) => void, object]>([
    ['a ban', (pool) => ban(named(pool, 'b')), { reason: 'banned' }],
    [
      'a ban with an end',
      (pool) => ban(named(pool, 'b'), NOW + 5),
      { reason: 'banned', untilMs: NOW + 5 },
    ],
    [
      'a ban for the model',
      (pool) => ban(named(pool, 'b'), NOW + 5, MODEL),
      { reason: 'banned', untilMs: NOW + 5 },
    ],
    ['a 429', (pool) => cool(pool, 'b', 7000), { reason: 'cooling', untilMs: NOW + 7000 }],
    [
      'a 401',
      (pool) =>
        pool.report(named(pool, 'b'), { kind: 'unauthorized' }, facts(MODEL, { status: 401 })),
      { reason: 'suspect', untilMs: NOW + 30_000 },
    ],
    [
      'a 403',
      (pool) => pool.report(named(pool, 'b'), { kind: 'forbidden' }, facts(MODEL, { status: 403 })),
      { reason: 'forbidden', untilMs: NOW + 30_000 },
    ],
    [
      'a 402',
      (pool) => pool.report(named(pool, 'b'), { kind: 'exhausted' }, facts(MODEL, { status: 402 })),
      { reason: 'exhausted', untilMs: NOW + 300_000 },
    ],
    [
      'an origin that is unwell',
      (pool) => eject(pool, 'b'),
      { reason: 'ejected', untilMs: NOW + 10_000 },
    ],
  ])('is passed over, and it is noted why: %s', (_name, happen, why) => {
    const pool = aPool(alike('abc'));
    happen(pool);
    const one = routes(pool).route();
    expect(all(one)).toBe('ac');
    expect(one.note.order).toEqual(['a', 'c']);
    expect(one.note.excluded).toEqual([{ credential: 'b', ...why }]);
  });

  test.each<[string, (pool: Pool) => void]>([
    ['a ban for another model', (pool) => ban(named(pool, 'b'), null, 'other')],
    ['a ban that is over', (pool) => ban(named(pool, 'b'), NOW)],
    [
      'a 429 of another model',
      (pool) => pool.report(named(pool, 'b'), { kind: 'cooling', ms: 5 }, facts('other')),
    ],
  ])('is nobody because of %s', (_name, happen) => {
    const pool = aPool(alike('abc'));
    happen(pool);
    expect(all(routes(pool).route())).toBe('abc');
  });

  test('for lack of the model is never asked for it', () => {
    const pool = aPool([
      aMember('a', { models: ['x-*'] }),
      aMember('b'),
      aMember('c', { models: ['m'] }),
    ]);
    const one = routes(pool).route();
    expect(all(one)).toBe('bc');
    expect(one.note.excluded).toEqual([{ credential: 'a', reason: 'no_model' }]);
  });

  test('with limits that are used up is told with the time when they are not', () => {
    const limits = { rpm: 1, tpm: null };
    const pool = aPool([aMember('a', { limits }), aMember('b')]);
    const { clock, route } = routes(pool);
    const first = route();
    expect(taken(first).member.id).toBe('a');
    clock.advance(1000);
    const second = route();
    expect(all(second)).toBe('b');
    expect(second.note.excluded).toEqual([
      { credential: 'a', reason: 'limited', untilMs: NOW + 60_000 },
    ]);
  });

  test('by a strategy that goes by balances is one whose balance nobody knows', () => {
    const members = [
      aMember('a'),
      aMember('b', { balanceNano: 5n }),
      aMember('c', { balanceNano: 1n }),
    ];
    const one = routes(aPool(members, { strategy: 'balance_weighted' })).route();
    expect(all(one)).toBe('bc');
    expect(one.note.excluded).toEqual([{ credential: 'a', reason: 'unknown_balance' }]);
  });
});

describe('with too few origins that are well', () => {
  test('those ejected are asked too, which is noted', () => {
    const pool = aPool(alike('abc'));
    for (const id of ['a', 'b']) eject(pool, id);
    const one = routes(pool).route();
    expect(all(one)).toBe('abc');
    expect(one.note).toMatchObject({ isPanic: true, excluded: [] });
  });

  test('whoever is banned is not asked all the same', () => {
    const pool = aPool(alike('abc'));
    for (const id of ['a', 'b', 'c']) eject(pool, id);
    ban(named(pool, 'b'));
    const one = routes(pool).route();
    expect(all(one)).toBe('ac');
    expect(one.note.excluded).toEqual([{ credential: 'b', reason: 'banned' }]);
  });
});

describe('what happens meanwhile', () => {
  test.each<[string, (pool: Pool) => void, reason: string]>([
    ['a ban', (pool) => ban(named(pool, 'b')), 'banned'],
    ['a 429 of another call', (pool) => cool(pool, 'b', 7000), 'cooling'],
    ['an ejection', (pool) => eject(pool, 'b'), 'ejected'],
  ])('is obeyed when the turn comes: %s', (_name, happen, reason) => {
    const pool = aPool(alike('abc'));
    const one = routes(pool).route();
    expect(taken(one).member.id).toBe('a');
    happen(pool);
    expect(all(one)).toBe('c');
    expect(one.note.order).toEqual(['a', 'b', 'c']);
    expect(one.note.excluded).toMatchObject([{ credential: 'b', reason }]);
  });

  test('is obeyed when the turn comes: no money, or the last of it is spent', () => {
    const pool = aPool(alike('abc', { kind: vercel, balanceNano: 10n ** 9n }));
    const one = routes(pool).route();
    expect(taken(one).member.id).toBe('a');
    named(pool, 'b').balanceNano = -1n;
    expect(all(one)).toBe('c');
    expect(one.note.excluded).toMatchObject([{ credential: 'b', reason: 'exhausted' }]);
    expect(all(routes(pool).route())).not.toContain('b');
  });

  test('is obeyed when another call has used up a limit', () => {
    const limits = { rpm: 1, tpm: null };
    const pool = aPool([aMember('a'), aMember('b', { limits }), aMember('c')]);
    const { route } = routes(pool);
    const one = route();
    taken(one)[Symbol.dispose]();
    expect(all(route())).toBe('bca');
    expect(all(one)).toBe('c');
  });

  test('may be that somebody is tried by another call just now', () => {
    const pool = aPool(alike('ab'));
    const { clock, route } = routes(pool);
    pool.report(named(pool, 'a'), { kind: 'exhausted' }, facts(MODEL, { status: 402 }));
    clock.advance(300_000);
    const trial = taken(route());
    expect(trial.member.id).toBe('a');
    const other = route();
    expect(all(other)).toBe('b');
    expect(other.note.excluded).toMatchObject([{ credential: 'a', reason: 'on_trial' }]);
    trial[Symbol.dispose]();
    expect(all(route()).split('').toSorted().join('')).toBe('ab');
  });

  test('does not bring anybody back who was left out at first', () => {
    const pool = aPool(alike('ab'));
    const { clock, route } = routes(pool);
    cool(pool, 'b', 1000);
    const one = route();
    taken(one);
    clock.advance(1000);
    expect(one.next()).toBeNull();
  });
});

describe('limits of a credential', () => {
  test('are taken of those only that are tried', () => {
    const limits = { rpm: 1, tpm: 100 };
    const pool = aPool(alike('abc', { limits }));
    const { clock, route } = routes(pool);
    const room = () =>
      pool.members.map(({ usage }) => usage.waitMs(limits, 50, clock.monotonic()) === 0);
    const one = route({ tokens: 60 });
    expect(room()).toEqual([true, true, true]);
    taken(one);
    expect(room()).toEqual([false, true, true]);
    taken(one);
    expect(room()).toEqual([false, false, true]);
  });

  test('of tokens are held as estimated, then as they were', () => {
    const limits = { rpm: null, tpm: 100 };
    const pool = aPool([aMember('a', { limits })]);
    const { clock, route } = routes(pool);
    const lease = taken(route({ tokens: 60 }));
    expect(all(route({ tokens: 50 }))).toBe('');
    lease.settle(50, clock.monotonic());
    expect(all(route({ tokens: 50 }))).toBe('a');
  });

  test.each([
    [1, 200],
    [7, 200],
    [100, 200],
  ])('of %i a minute each hold however many calls come at once', (rpm, calls) => {
    const members = alike('abc', { limits: { rpm, tpm: null } });
    const { route } = routes(aPool(members, { strategy: 'random' }), () => 0.4);
    const waiting = Array.from({ length: calls }, () => route());
    const served = waiting.flatMap((one) => one.next()?.member.id ?? []);
    expect(served.length).toBe(Math.min(calls, rpm * 3));
    for (const { id } of members) {
      expect(served.filter((one) => one === id).length).toBeLessThanOrEqual(rpm);
    }
  });
});

const aLimitedPool = (limits: Partial<ModelRule>) =>
  aPool(alike('abc'), { models: [aRule(MODEL, limits)] });

describe('the pool’s limit of a model', () => {
  test('counts a call once, however many credentials it tries', () => {
    const { clock, route } = routes(aLimitedPool({ rpm: 2 }));
    expect(all(route())).toBe('abc');
    expect(all(route())).toBe('bca');
    clock.advance(1000);
    const third = route();
    expect(all(third)).toBe('');
    expect(third.note.excluded.map(({ reason }) => reason)).toEqual([
      'limited',
      'limited',
      'limited',
    ]);
    expect(third.limitedUntil()).toBe(NOW + 60_000);
    clock.advance(59_000);
    expect(all(route())).toHaveLength(3);
  });

  test('counts no call that finds nobody', () => {
    const pool = aLimitedPool({ rpm: 1 });
    const { clock, route } = routes(pool);
    for (const id of ['a', 'b', 'c']) cool(pool, id, 1000);
    for (let call = 0; call < 5; call += 1) expect(all(route())).toBe('');
    clock.advance(1000);
    expect(all(route())).not.toBe('');
  });

  test('is of the model under its upstream’s name, whatever it was asked for by', () => {
    const rules = [aRule('x', { upstream: MODEL, rpm: 1 }), aRule(MODEL, { rpm: 1 })];
    const { route } = routes(aPool(alike('a'), { models: rules }));
    expect(all(route({ model: 'x' }))).toBe('a');
    expect(all(route({ model: MODEL }))).toBe('');
  });

  test('of tokens holds the estimate until it is settled', () => {
    const { route } = routes(aLimitedPool({ tpm: 1000 }));
    const first = route({ tokens: 600 });
    taken(first);
    expect(all(route({ tokens: 600 }))).toBe('');
    first.settle(100);
    expect(all(route({ tokens: 600 }))).not.toBe('');
    expect(all(route({ tokens: 600 }))).toBe('');
  });

  test('holds however many calls come at once', () => {
    const { route } = routes(aLimitedPool({ rpm: 50 }));
    const waiting = Array.from({ length: 200 }, () => route());
    expect(waiting.flatMap((one) => one.next() ?? []).length).toBe(50);
  });
});

describe('when a merely limited credential may serve again', () => {
  test.each<[string, (pool: Pool) => void, number | null]>([
    ['nobody is', () => undefined, null],
    [
      'the earliest of those cooling',
      (pool) => [5000, 3000, 9000].forEach((ms, at) => cool(pool, 'abc'.charAt(at), ms)),
      NOW + 3000,
    ],
    [
      'others are banned',
      (pool) => (ban(named(pool, 'a'), NOW + 1), cool(pool, 'b', 3000)),
      NOW + 3000,
    ],
    ['all are banned', (pool) => pool.members.forEach((member) => ban(member, NOW + 9)), null],
    ['all are ejected', (pool) => pool.members.forEach(({ id }) => eject(pool, id)), null],
    [
      'all are out of money',
      (pool) =>
        pool.members.forEach((member) => pool.report(member, { kind: 'exhausted' }, facts(MODEL))),
      null,
    ],
  ])('%s', (_name, happen, expected) => {
    const pool = aPool(alike('abc'));
    const { route } = routes(pool);
    const before = route();
    happen(pool);
    // Also a call that was on its way by then.
    for (const one of [before, route()]) expect(one.limitedUntil()).toBe(expected);
  });

  test('is told of limits that ran out while the call was on its way', () => {
    const limits = { rpm: 1, tpm: null };
    const pool = aPool(alike('ab', { limits }));
    const { clock, route } = routes(pool);
    expect(all(route())).toBe('ab');
    clock.advance(500);
    const late = route();
    expect(late.next()).toBeNull();
    expect(late.limitedUntil()).toBe(NOW + 60_000);
  });
});

describe('a credential that refused for its own fault', () => {
  const selecting = { strategy: 'selected_then_rotate' };

  test('moves the selection by one, however many calls it failed at once', () => {
    const pool = aPool(alike('abc'), selecting);
    const { route } = routes(pool);
    const waiting = Array.from({ length: 50 }, () => route());
    const leases = waiting.map(taken);
    expect(new Set(leases.map(({ member }) => member.id))).toEqual(new Set(['a']));
    const selected = waiting.map((one, at) => {
      cool(pool, 'a', 60_000);
      leases[at]?.[Symbol.dispose]();
      return one.failed(named(pool, 'a'))?.id ?? null;
    });
    expect(selected.filter((id) => id !== null)).toEqual(['b']);
    expect(pool.turn.selectedId).toBe('b');
    expect(new Set(waiting.map((one) => taken(one).member.id))).toEqual(new Set(['b']));
  });

  test('and the next one after it move it by two', () => {
    const pool = aPool(alike('abc'), selecting);
    const { route } = routes(pool);
    const waiting = Array.from({ length: 50 }, () => route());
    for (const id of ['a', 'b']) {
      const moved = waiting.flatMap((one) => {
        taken(one)[Symbol.dispose]();
        cool(pool, id, 60_000);
        return one.failed(named(pool, id)) ?? [];
      });
      expect(moved).toHaveLength(1);
    }
    expect(pool.turn.selectedId).toBe('c');
    expect(all(route())).toBe('c');
  });

  test('is followed by the next that can serve the model now', () => {
    const pool = aPool(
      [aMember('a'), aMember('b', { models: ['x'] }), aMember('c'), aMember('d')],
      selecting,
    );
    ban(named(pool, 'c'));
    cool(pool, 'a', 60_000);
    expect(routes(pool).route().failed(named(pool, 'a'))?.id).toBe('d');
  });

  test('stays selected while nobody else can serve', () => {
    const pool = aPool(alike('ab'), selecting);
    const { route } = routes(pool);
    for (const id of ['a', 'b']) cool(pool, id, 60_000);
    expect(route().failed(named(pool, 'a'))).toBeNull();
    expect(pool.turn.selectedId).toBeNull();
  });

  test('selects nobody where it was not selected, or nothing is', () => {
    const pool = aPool(alike('abc'), { ...selecting, selectedCredentialId: 'b' });
    expect(routes(pool).route().failed(named(pool, 'a'))).toBeNull();
    expect(pool.turn.selectedId).toBe('b');
    const turns = aPool(alike('abc'));
    expect(routes(turns).route().failed(named(turns, 'a'))).toBeNull();
  });
});

test('a record names twenty credentials, whatever the size of the pool', () => {
  const many = 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ';
  const pool = aPool(alike(many), { strategy: 'weighted' });
  const { route } = routes(pool);
  const one = route();
  taken(one);
  for (const member of pool.members) ban(member);
  expect(all(one)).toBe('');
  expect([one.note.order.length, one.note.excluded.length]).toEqual([20, 20]);
  expect(one.note.draws?.length).toBeLessThanOrEqual(20);
  const other = route();
  expect(all(other)).toBe('');
  expect([other.note.order.length, other.note.excluded.length]).toEqual([0, 20]);
});
