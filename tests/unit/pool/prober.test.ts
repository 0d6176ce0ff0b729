import type { EntityManager } from '@mikro-orm/sqlite';
import { describe, expect, test } from '@jest/globals';
import { AccessTokens } from '../../../src/pool/access-tokens.ts';
import { Bans } from '../../../src/pool/bans.ts';
import type { Effect } from '../../../src/pool/effect.ts';
import type { Member, MemberFacts } from '../../../src/pool/member.ts';
import { Prober } from '../../../src/pool/prober.ts';
import { ManualClock } from '../../support/manual-clock.ts';
import {
  MINUTE_MS,
  aDirectory,
  aFarEnd,
  aJournal,
  aKind,
  aLog,
  aMember,
  aPool,
  answering,
  quiet,
  theFacts,
} from './fixture.ts';
import type { FarEnd } from './fixture.ts';

const EXCHANGING = aKind({
  id: 'exchanging',
  accessToken: {
    request: (secret) => ({ url: 'http://tokens', headers: { secret }, body: '' }),
    read: (answer) => answer as { token: string; expiresAtMs: number },
  },
});

/** One credential in a pool, its bans and the prober, wired as in the product; only disk and network are not real. */
function clinic(reply: FarEnd['reply'] = 200, facts: Partial<MemberFacts> = {}) {
  const clock = new ManualClock();
  const end = aFarEnd(reply);
  const member = aMember('a', facts);
  const { pool } = aPool([member, aMember('b')]);
  const pools = aDirectory(pool);
  const { journal, written } = aJournal();
  const { logger, logs } = aLog();
  const em = null as unknown as EntityManager;
  const bans: Bans = new Bans({
    em,
    pools,
    journal,
    clock,
    onOver: (banned, ban) => prober.retry(banned, ban),
  });
  const tokens = new AccessTokens(clock, end.fetchText);
  const prober: Prober = new Prober({
    clock,
    tokens,
    fetchText: end.fetchText,
    pools,
    bans,
    journal,
    logger,
  });
  /** A call was answered so; what follows from it is told to the prober, as the listener does. */
  const answered = (status = 401, on: Member = member) => {
    const effect: Effect = { kind: status === 403 ? 'forbidden' : 'unauthorized' };
    const told = theFacts({ status, nowMs: clock.now() });
    const { wantsProbe } = on.health.apply(effect, told, pool.policy.health, false);
    if (wantsProbe) prober.suspect(on, told);
  };
  const reason = (model = 'other') => member.health.exclusion(model, clock.now())?.reason ?? null;
  const types = () => written.map(({ type }) => type);
  return { clock, end, member, pool, pools, written, logs, bans, prober, answered, reason, types };
}

const active = (cause: string) => ({
  type: 'credential_health.active',
  subject: 'a',
  actor: 'system',
  requestId: 'r1',
  before: { state: 'suspect' },
  after: { cause },
});

/** What each finding comes to: for the refused model, for another, and as an event. */
const FOUND: Record<string, { reasons: (string | null)[]; event: object }> = {
  works: { reasons: ['forbidden', null], event: active('its provider accepts it') },
  unclear: { reasons: ['forbidden', null], event: active('its provider gave no clear answer') },
  refused: { reasons: ['banned', 'banned'], event: { type: 'credential_ban.imposed' } },
};

describe('what the provider answers to our own question', () => {
  const picky = aKind({ refusesCredential: (answer) => (answer as { bad?: true }).bad === true });

  test.each<[string, FarEnd['reply'], string]>([
    ['200', 200, 'works'],
    ['204', 204, 'works'],
    ['404: it knows us', 404, 'works'],
    ['401', 401, 'refused'],
    ['400 that is about the credential', answering({ bad: true }, 400), 'refused'],
    ['400 about anything else', answering({ bad: false }, 400), 'unclear'],
    ['400 that is no JSON', answering('bad', 400), 'unclear'],
    ['403', 403, 'unclear'],
    ['402', 402, 'unclear'],
    ['429', 429, 'unclear'],
    ['a redirect', 302, 'unclear'],
    ['a choice of them', 300, 'unclear'],
    ['500', 500, 'unclear'],
    ['no answer at all', 'broken', 'unclear'],
  ])('%s', async (_name, reply, finding) => {
    const { answered, prober, reason, written, logs } = clinic(reply, { kind: picky });
    answered();
    expect([reason('m'), reason()]).toEqual(['suspect', 'suspect']);
    await prober.idle();
    expect([reason('m'), reason()]).toEqual(FOUND[finding]?.reasons);
    expect(written).toMatchObject([FOUND[finding]?.event ?? {}]);
    expect(logs()).toBe('');
  });

  test('silence for ten seconds says nothing', async () => {
    const { answered, prober, reason, clock, written } = clinic('silent');
    answered();
    await quiet();
    clock.advance(9999);
    expect([reason(), written]).toEqual(['suspect', []]);
    clock.advance(1);
    await prober.idle();
    expect(reason()).toBeNull();
    expect(written).toMatchObject([FOUND['unclear']?.event ?? {}]);
  });

  test('what it cannot answer before a stop is no news', async () => {
    const { answered, prober, types } = clinic('silent');
    answered();
    await quiet();
    await prober.stop();
    expect(types()).toEqual([]);
  });

  test.each([
    ['refuses a token', 401, 'banned'],
    ['refuses a token in another way', 400, 'banned'],
    ['has no token to give now', 503, null],
  ])('a provider that %s', async (_name, status, expected) => {
    const { answered, prober, reason, end } = clinic(status, { kind: EXCHANGING });
    answered();
    await prober.idle();
    expect(reason()).toBe(expected);
    expect(end.asked.map(({ url }) => url)).toEqual(['http://tokens']);
  });
});

describe('the question', () => {
  test.each([
    ['the models', {}, '/v1/models'],
    ['the models where the provider has them', { modelsPath: '/models' }, '/models'],
    ['the models as elsewhere where they are not listed', { modelsPath: null }, '/v1/models'],
    [
      'what only a working credential may read',
      { modelsPath: '/m', probePath: '/v1/credits' },
      '/v1/credits',
    ],
  ])('is for %s', async (_name, kind, path) => {
    const { answered, prober, end } = clinic(200, { kind: aKind(kind), prefix: '/api' });
    answered();
    await prober.idle();
    expect(end.asked.map(({ url }) => url)).toEqual([`http://127.0.0.1:1/api${path}`]);
  });

  test('is asked once for a hundred refusals at the same time', async () => {
    const { answered, prober, end, reason, types } = clinic(401);
    for (let call = 0; call < 100; call += 1) answered();
    await prober.idle();
    expect(end.asked).toHaveLength(1);
    // Those that come later were sent before the ban: they are no news.
    for (let call = 0; call < 100; call += 1) answered();
    await prober.idle();
    expect(end.asked).toHaveLength(1);
    expect([reason(), types()]).toEqual(['banned', ['credential_ban.imposed']]);
  });

  test('is asked anew for a refusal half a minute later, until then of no other', async () => {
    const { answered, prober, end, written, clock, reason } = clinic(200);
    for (const round of [1, 2, 3]) {
      for (const waitMs of [0, 1, 29_998]) {
        clock.advance(waitMs);
        answered();
        await prober.idle();
        expect([end.asked.length, reason()]).toEqual([round, null]);
      }
      clock.advance(1);
    }
    expect(written).toEqual(Array.from({ length: 3 }, () => active('its provider accepts it')));
  });

  test('is asked for each credential by itself', async () => {
    const { answered, prober, end, pool } = clinic('silent');
    for (const member of pool.members) answered(401, member);
    await quiet();
    expect(end.asked.map(({ headers }) => headers['authorization'])).toEqual([
      'Bearer sk-canary-a',
      'Bearer sk-canary-b',
    ]);
    await prober.stop();
  });

  test('403s cause one in thirty seconds after any other, 401s after one that a 401 caused', async () => {
    const { answered, prober, end, clock, types } = clinic(200);
    const ask = async (status: number) => {
      answered(status);
      await prober.idle();
      return end.asked.length;
    };
    expect([await ask(403), await ask(403)]).toEqual([1, 1]);
    clock.advance(29_999);
    expect([await ask(403), await ask(401), await ask(403)]).toEqual([1, 2, 2]);
    clock.advance(29_999);
    expect(await ask(403)).toBe(2);
    clock.advance(1);
    expect([await ask(403), await ask(401)]).toEqual([3, 4]);
    expect(await ask(401)).toBe(4);
    // A 403 alone makes nobody suspect: there is nothing to clear.
    expect(types()).toEqual(['credential_health.active', 'credential_health.active']);
  });

  test('is not asked any more after a stop', async () => {
    const { answered, prober, end } = clinic(401);
    await prober.stop();
    answered();
    await prober.idle();
    expect(end.asked).toEqual([]);
  });
});

describe('a refusal', () => {
  test('bans the whole credential, with what led to it', async () => {
    const { answered, prober, written, member, clock } = clinic(401);
    answered();
    await prober.idle();
    expect(written).toMatchObject([
      {
        type: 'credential_ban.imposed',
        subject: 'a',
        actor: 'system',
        requestId: 'r1',
        after: {
          ban: member.health.banIds()[0],
          model: null,
          reason: 'unauthorized',
          evidence: { statuses: [401, 401], requestIds: ['r1'] },
          strike: 1,
          until: new Date(clock.now() + MINUTE_MS).toISOString(),
        },
      },
    ]);
  });

  test('in a pool that is gone bans nobody', async () => {
    const { answered, prober, types, pools, logs } = clinic(401);
    answered();
    pools.pools = [];
    await prober.idle();
    expect([types(), logs()]).toEqual([[], '']);
  });

  test('names the call that caused it only if there was one', async () => {
    const { prober, written, member } = clinic(401);
    prober.suspect(member, theFacts({ status: 401, requestId: null }));
    await prober.idle();
    expect(written[0]).not.toHaveProperty('requestId');
    expect(written[0]?.after).toMatchObject({ evidence: { statuses: [401, 401], requestIds: [] } });
  });
});

async function refused() {
  const made = clinic(401);
  made.answered();
  await made.prober.idle();
  expect(made.reason()).toBe('banned');
  const over = async (ms: number) => {
    made.clock.advance(ms);
    await made.prober.idle();
  };
  return { ...made, over };
}

describe('when a ban is over', () => {
  test('a provider that accepts it ends it for all', async () => {
    const { over, end, reason, types, member, clock } = await refused();
    end.reply = 200;
    await over(MINUTE_MS - 1);
    expect([reason(), end.asked.length]).toEqual(['banned', 1]);
    await over(1);
    expect([reason(), end.asked.length]).toEqual([null, 2]);
    expect(types()).toEqual(['credential_ban.imposed', 'credential_ban.ended']);
    expect(member.health.beginTrial('m', clock.now())).toEqual([]);
    expect(member.health.nextBanStrike()).toBe(1);
  });

  test('one that refuses it renews it: strike after strike, twice as long, up to the maximum', async () => {
    const { over, written, clock, reason } = await refused();
    const terms: unknown[] = [];
    for (let strike = 1; strike <= 6; strike += 1) {
      const { after } = written.at(-1) as { after: { strike: number; until: string } };
      const lastsMs = Date.parse(after.until) - clock.now();
      terms.push([after.strike, lastsMs / MINUTE_MS]);
      await over(lastsMs);
      expect(reason()).toBe('banned');
    }
    expect(terms).toEqual([
      [1, 1],
      [2, 2],
      [3, 4],
      [4, 8],
      [5, 15],
      [6, 15],
    ]);
    // One row for each, and never two in force.
    const renewed = ['credential_ban.ended', 'credential_ban.imposed'];
    expect(written.map(({ type }) => type)).toEqual([
      'credential_ban.imposed',
      ...Array.from({ length: 6 }, () => renewed).flat(),
    ]);
    expect(written.at(-1)).toMatchObject({
      after: { evidence: { statuses: [401], requestIds: [] } },
    });
  });

  test('it stays in force while the provider is asked', async () => {
    const { clock, end, reason, prober } = await refused();
    end.reply = 'silent';
    clock.advance(MINUTE_MS + 5000);
    await quiet();
    expect(reason()).toBe('banned');
    clock.advance(5000);
    await prober.idle();
    expect(reason()).toBeNull();
  });

  test('one that says neither leaves it to one call', async () => {
    const { over, end, reason, member, clock, written } = await refused();
    end.reply = 500;
    await over(MINUTE_MS);
    expect(reason()).toBeNull();
    expect(member.health.beginTrial('m', clock.now())).toHaveLength(1);
    expect(reason()).toBe('on_trial');
    expect(written.at(-1)).toMatchObject({
      type: 'credential_ban.ended',
      after: { isOnTrial: true },
    });
    // Refused again: the second in a row.
    expect(member.health.nextBanStrike()).toBe(2);
  });

  test('a stop in the middle of the question ends no ban', async () => {
    const { clock, end, reason, prober, types } = await refused();
    end.reply = 'silent';
    clock.advance(MINUTE_MS);
    await quiet();
    expect(end.asked).toHaveLength(2);
    await prober.stop();
    expect([reason(), types()]).toEqual(['banned', ['credential_ban.imposed']]);
  });

  test('a reload meanwhile loses nothing: the credential as it is now is freed', async () => {
    const { over, end, member, pools, clock } = await refused();
    const again = aMember('a', {}, member);
    pools.pools = [aPool([again]).pool];
    end.reply = 200;
    await over(MINUTE_MS);
    expect(again.health.exclusion('m', clock.now())).toBeNull();
    expect(again.health.banIds()).toEqual([]);
  });
});
