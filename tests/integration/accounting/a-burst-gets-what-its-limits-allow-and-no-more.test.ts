import { expect, test } from '@jest/globals';
import { startGateway } from '../../support/gateway.ts';
import type { Gateway } from '../../support/gateway.ts';
import { until } from '../../support/patience.ts';
import {
  OUTPUT_TOKENS,
  arrivalsAfter,
  callOnce,
  crowd,
  expectLedgerOfWitness,
  markOf,
  mostAtOnce,
  withStatus,
} from './crowd.ts';
import type { Reply } from './crowd.ts';
import { SYSTEM } from '../../../src/services/actor.ts';

const MINUTE_MS = 60_000;

/** Clients who come again are never refused so often. */
const ATTEMPTS_MAX = 2000;

interface Limits {
  rpmLimit?: number;
  tpmLimit?: number;
  concurrencyLimit?: number;
}

/** Keys of one team; each has limits of its own where they are given. */
async function keysOfTeam({ space }: Gateway, count: number, team: Limits, own: Limits = {}) {
  await space.teams.create(SYSTEM, { name: 'crew', ...team });
  const names = Array.from({ length: count }, (_, at) => `of crew ${at}`);
  const keys: string[] = [];
  for (const name of names) {
    keys.push((await space.keys.create(SYSTEM, { name, team: 'crew', ...own })).key);
  }
  return keys;
}

interface Limit {
  scope: 'key' | 'team';
  limit: string;
}

/** Everybody else was told what is used up, whose it is, and when to come again. */
function expectLimited(replies: readonly Reply[], { scope, limit }: Limit): void {
  for (const { status, headers, text } of replies) {
    expect(status).toBe(429);
    expect(headers.get('x-should-retry')).toBe('true');
    const seconds = Number(headers.get('retry-after'));
    expect(seconds).toBeGreaterThan(0);
    expect(seconds).toBeLessThanOrEqual(MINUTE_MS / 1000);
    const { error } = JSON.parse(text) as { error: { message: string } };
    const { message, ...facts } = error;
    const code = 'rate_limit_exceeded';
    expect(facts).toEqual({ type: 'rate_limit_error', param: null, code });
    expect(message).toContain(`Limit: ${limit}`);
    expect(/\bteam\b/.test(message)).toBe(scope === 'team');
  }
}

/** For so long the fleet holds its answers, by the clock that only the test moves on. */
const HELD_MS = 20_000;

/** Calls at once; who is let in stays under way until the clock is moved on. */
function heldCrowd(gateway: Gateway, count: number, keys: readonly string[]) {
  let refusals = 0;
  const headers = { 'x-sandbox-fault': `delay-head;ms=${HELD_MS}` };
  const calls = Array.from({ length: count }, async (_, at) => {
    const key = keys[at % keys.length] ?? '';
    const reply = await callOnce(gateway, { key, isStream: at % 2 === 1, headers });
    if (reply.status === 429) refusals += 1;
    return reply;
  });
  return { replies: Promise.all(calls), refusals: () => refusals };
}

const refusedOf = (replies: readonly Reply[]) => replies.filter(({ status }) => status !== 200);

test('of 1,000 calls at once at 10 a minute exactly 10 reach the fleet, and a minute later 10 more', async () => {
  const gateway = await startGateway();
  await gateway.space.keys.update(SYSTEM, gateway.keyId, { rpmLimit: 10 });
  const replies = await crowd(gateway, 1000);
  expect(withStatus(replies, 200)).toHaveLength(10);
  expectLimited(refusedOf(replies), { scope: 'key', limit: '10 requests/minute' });
  const mark = markOf(gateway);
  gateway.clock.advance(MINUTE_MS);
  expect(withStatus(await crowd(gateway, 50), 200)).toHaveLength(10);
  expect(arrivalsAfter(gateway, mark)).toHaveLength(10);
  expect(arrivalsAfter(gateway, 0)).toHaveLength(20);
  await expectLedgerOfWitness(gateway, 20);
});

test('the keys of a team share its requests, whatever each of them may have', async () => {
  const gateway = await startGateway();
  const keys = await keysOfTeam(gateway, 8, { rpmLimit: 10 }, { rpmLimit: 9 });
  const replies = await crowd(gateway, 400, { keys });
  expect(withStatus(replies, 200)).toHaveLength(10);
  expectLimited(refusedOf(replies), { scope: 'team', limit: '10 requests/minute' });
  // A key without a team is bound by none of it.
  expect((await callOnce(gateway)).status).toBe(200);
  expect(arrivalsAfter(gateway, 0)).toHaveLength(11);
  await expectLedgerOfWitness(gateway, 11);
});

test('who is refused by its own limit takes nothing from its team', async () => {
  const gateway = await startGateway();
  const [greedy = '', modest = ''] = await keysOfTeam(
    gateway,
    2,
    { rpmLimit: 10 },
    { rpmLimit: 4 },
  );
  expect(withStatus(await crowd(gateway, 200, { keys: [greedy] }), 200)).toHaveLength(4);
  expect(withStatus(await crowd(gateway, 4, { keys: [modest] }), 200)).toHaveLength(4);
  const { key } = await gateway.space.keys.create(SYSTEM, { name: 'third', team: 'crew' });
  expect(withStatus(await crowd(gateway, 100, { keys: [key] }), 200)).toHaveLength(2);
  await expectLedgerOfWitness(gateway, 10);
});

/** What a call is taken to use before it is served: its cap, and its body by size. */
const ESTIMATED_TOKENS = OUTPUT_TOKENS + 26;

test.each(['key', 'team'] as const)(
  'tokens of a %s: calls at once are held to what they may use',
  async (scope) => {
    const gateway = await startGateway({ isClockShared: true });
    const tpmLimit = 5 * ESTIMATED_TOKENS + ESTIMATED_TOKENS / 2;
    const team = scope === 'team' ? { tpmLimit } : {};
    const keys = await keysOfTeam(gateway, scope === 'team' ? 5 : 1, team, { tpmLimit });
    const { replies: pending, refusals } = heldCrowd(gateway, 200, keys);
    await until(() => refusals() + arrivalsAfter(gateway, 0).length === 200);
    gateway.clock.advance(HELD_MS);
    const replies = await pending;
    expect(withStatus(replies, 200)).toHaveLength(5);
    expectLimited(refusedOf(replies), { scope, limit: `${tpmLimit} tokens/minute` });
    expect(arrivalsAfter(gateway, 0)).toHaveLength(5);
    await expectLedgerOfWitness(gateway, 5);
  },
);

test('tokens: one burst after the other, no minute has more of them than allowed', async () => {
  const gateway = await startGateway();
  const tpmLimit = 2000;
  await gateway.space.keys.update(SYSTEM, gateway.keyId, { tpmLimit });
  for (let round = 0; round < 8; round += 1) {
    await crowd(gateway, 30);
    // Not a quarter: what began a minute apart would be told apart by milliseconds of this machine.
    gateway.clock.advance(16_000);
  }
  const records = await gateway.records();
  // No call used more than it was taken to use, so that no window has more than the limit.
  const used = records.map(({ startedAtMs, input, output }) => ({
    atMs: startedAtMs,
    tokens: input + output,
  }));
  expect(used.length).toBeGreaterThan(2 * Math.floor(tpmLimit / ESTIMATED_TOKENS));
  for (const { atMs: startMs } of used) {
    const inside = used.filter(({ atMs }) => atMs >= startMs && atMs < startMs + MINUTE_MS);
    const sum = inside.reduce((tokens, one) => tokens + one.tokens, 0);
    expect(sum).toBeLessThanOrEqual(tpmLimit);
  }
  await expectLedgerOfWitness(gateway, records.length);
});

/** Keys that may have five calls at once: one by itself, or four that share them. */
const fiveAtOnce = (gateway: Gateway, scope: 'key' | 'team') =>
  scope === 'team'
    ? keysOfTeam(gateway, 4, { concurrencyLimit: 5 })
    : keysOfTeam(gateway, 1, {}, { concurrencyLimit: 5 });

test.each(['key', 'team'] as const)(
  'calls at once of a %s: of a hundred five go on, and when they are over five others may',
  async (scope) => {
    const gateway = await startGateway({ isClockShared: true });
    const keys = await fiveAtOnce(gateway, scope);
    for (let round = 1; round <= 3; round += 1) {
      const mark = markOf(gateway);
      const { replies, refusals } = heldCrowd(gateway, 100, keys);
      await until(() => refusals() + arrivalsAfter(gateway, mark).length === 100);
      gateway.clock.advance(HELD_MS);
      const all = await replies;
      expect(withStatus(all, 200)).toHaveLength(5);
      expect(arrivalsAfter(gateway, mark)).toHaveLength(5);
      expectLimited(refusedOf(all), { scope, limit: '5 calls at once' });
    }
    expect(mostAtOnce(gateway)).toBe(5);
    await expectLedgerOfWitness(gateway, 15);
  },
);

test.each(['key', 'team'] as const)(
  'calls at once of a %s: a hundred clients who come again are all served, never six together',
  async (scope) => {
    const gateway = await startGateway();
    const keys = await fiveAtOnce(gateway, scope);
    const headers = { 'x-sandbox-fault': 'delay-head;ms=20' };
    const client = async (at: number): Promise<void> => {
      const key = keys[at % keys.length] ?? '';
      for (let attempt = 0; attempt < ATTEMPTS_MAX; attempt += 1) {
        const reply = await callOnce(gateway, { key, isStream: at % 2 === 1, headers });
        if (reply.status === 200) return;
        expectLimited([reply], { scope, limit: '5 calls at once' });
      }
      throw new Error('a client was never served');
    };
    await Promise.all(Array.from({ length: 100 }, (_, at) => client(at)));
    expect(mostAtOnce(gateway)).toBeLessThanOrEqual(5);
    await expectLedgerOfWitness(gateway, 100);
  },
);

test('all limits at once: none is passed, and none takes from another', async () => {
  const gateway = await startGateway();
  const keys = await keysOfTeam(
    gateway,
    4,
    { rpmLimit: 30, concurrencyLimit: 6 },
    { rpmLimit: 10, concurrencyLimit: 3 },
  );
  for (let round = 0; round < 30; round += 1) {
    await crowd(gateway, 40, { keys, headers: { 'x-sandbox-fault': 'delay-head;ms=5' } });
    if (arrivalsAfter(gateway, 0).length === 30) break;
  }
  expect(withStatus(await crowd(gateway, 40, { keys }), 200)).toEqual([]);
  expect(arrivalsAfter(gateway, 0)).toHaveLength(30);
  expect(mostAtOnce(gateway)).toBeLessThanOrEqual(6);
  const records = await gateway.records();
  for (const id of new Set(records.map(({ keyId }) => keyId))) {
    const own = records.filter(({ keyId }) => keyId === id);
    expect(own.length).toBeLessThanOrEqual(10);
  }
  await expectLedgerOfWitness(gateway, 30);
});
