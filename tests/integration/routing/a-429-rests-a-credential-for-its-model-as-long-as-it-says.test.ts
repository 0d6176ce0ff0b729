import { expect, test } from '@jest/globals';
import { MovableClock } from '../../support/movable-clock.ts';
import { until } from '../../support/patience.ts';
import {
  DEFAULT_MODEL,
  HELD_MS,
  named,
  received,
  servers,
  startFleet,
  statusOf,
  times,
  together,
} from './fixture.ts';

const TWO_TIERS = {
  pool: { strategy: 'priority' },
  members: [{}, { fields: { priority: 2 } }],
};

/** The only header that says something. */
const alone = (header: string) => `status;code=429|without-header;name=x-ratelimit-|${header}`;
const header = (name: string, value: string) =>
  `header;name=${name};value=${encodeURIComponent(value)}`;
const resets = (of: string, value: string) => alone(header(`x-ratelimit-reset${of}`, value));

const isoIn = (ms: number) => (nowMs: number) => new Date(nowMs + ms).toISOString();
const httpIn = (ms: number) => (nowMs: number) => new Date(nowMs + ms).toUTCString();

type FaultAt = (nowMs: number) => string;

const FORMS: [name: string, faultAt: FaultAt, seconds: number][] = [
  ['retry-after-ms', () => alone(header('retry-after-ms', '200000')), 200],
  ['retry-after in seconds', () => alone(header('retry-after', '200')), 200],
  ['retry-after as a fraction', () => alone(header('retry-after', '200.5')), 200.5],
  ['retry-after as a date', (now) => alone(header('retry-after', httpIn(200_000)(now))), 200],
  ['a reset of requests, 6m0s', () => resets('-requests', '6m0s'), 360],
  ['a reset of tokens, 20000ms', () => resets('-tokens', '200000ms'), 200],
  ['a reset in seconds', () => resets('', '200'), 200],
  ['a reset in epoch seconds', (now) => resets('', String(Math.round(now / 1000) + 200)), 200],
  ['a reset as a date', (now) => resets('', isoIn(200_000)(now)), 200],
  [
    'retry-after-ms before retry-after before resets',
    () =>
      `${resets('', '900')}|${header('retry-after', '600')}|${header('retry-after-ms', '200000')}`,
    200,
  ],
  [
    'the later of two resets',
    () => `${resets('-requests', '50s')}|${header('x-ratelimit-reset-tokens', '200s')}`,
    200,
  ],
  [
    'not the reset of what is left',
    () =>
      `${resets('-requests', '200s')}|${header('x-ratelimit-reset-tokens', '50m')}|` +
      header('x-ratelimit-remaining-tokens', '7'),
    200,
  ],
  [
    'nonsense before what makes sense',
    () => `${resets('', '200')}|${header('retry-after', 'soon')}`,
    200,
  ],
  ['more than an hour is an hour', () => alone(header('retry-after', '86400')), 3600],
];

/** What the calls of a test take, on any machine. */
const REAL_MS = 40_000;

test.each(FORMS)('%s: this model goes elsewhere for so long', async (_name, faultAt, seconds) => {
  const gateway = await startFleet(TWO_TIERS);
  const { sandbox, clock } = gateway;
  sandbox.faults.set('cred-1', faultAt(clock.now()), { times: 1 });
  expect(await statusOf(gateway)).toBe(200);
  expect(servers(gateway)).toEqual(['cred-1', 'cred-2']);
  // A date has whole seconds, and real ones go by.
  clock.advance(seconds * 1000 - REAL_MS);
  expect(await statusOf(gateway)).toBe(200);
  expect(await statusOf(gateway, { model: 'gpt-4o' })).toBe(200);
  expect(servers(gateway).slice(2)).toEqual(['cred-2', 'cred-1']);
  const [, kept] = await gateway.records();
  expect(named(gateway, kept?.route).excluded).toEqual([
    { credential: 'cred-1', reason: 'cooling', untilMs: expect.any(Number) },
  ]);
  clock.advance(REAL_MS + 1000);
  expect(await statusOf(gateway)).toBe(200);
  expect(servers(gateway).slice(4)).toEqual(['cred-1']);
});

test('without a word about when: 1, 2, 4 seconds, and 1 again after a success', async () => {
  const gateway = await startFleet(TWO_TIERS);
  const { sandbox, clock } = gateway;
  const fault = 'status;code=429|without-header;name=x-ratelimit-';
  const waits: number[] = [];
  const fail = async () => {
    sandbox.faults.set('cred-1', fault, { times: 1 });
    const beforeMs = clock.now();
    expect(await statusOf(gateway)).toBe(200);
    const afterMs = clock.now();
    const [member] = gateway.app.pools.all().flatMap((pool) => pool.members);
    const untilMs = member?.health.exclusion(DEFAULT_MODEL, beforeMs)?.untilMs ?? 0;
    // To be told apart from its neighbours, however slow the machine is.
    const wait = [1000, 2000, 4000, 8000].find(
      (ms) => untilMs >= beforeMs + ms && untilMs <= afterMs + ms,
    );
    waits.push(wait ?? untilMs - beforeMs);
    clock.advance((wait ?? 60_000) + 1);
  };
  await fail();
  await fail();
  await fail();
  expect(waits).toEqual([1000, 2000, 4000]);
  expect(servers(gateway)).toEqual(times(3, 'cred-1', 'cred-2'));
  expect(await statusOf(gateway)).toBe(200);
  expect(servers(gateway).at(-1)).toBe('cred-1');
  await fail();
  expect(waits).toEqual([1000, 2000, 4000, 1000]);
});

test('calls that are refused together are one refusal', async () => {
  const fleetClock = new MovableClock();
  const gateway = await startFleet({ ...TWO_TIERS, fleetClock });
  const fault = 'status;code=429|without-header;name=x-ratelimit-';
  gateway.sandbox.faults.set('cred-1', `delay-head;ms=${HELD_MS}|${fault}`);
  const answered = together(gateway, 20);
  await until(() => received(gateway).length === 20);
  fleetClock.advance(HELD_MS);
  await answered;
  expect(servers(gateway).filter((name) => name === 'cred-1')).toHaveLength(20);
  const [member] = gateway.app.pools.all().flatMap((pool) => pool.members);
  const waitMs = (member?.health.exclusion(DEFAULT_MODEL, 0)?.untilMs ?? 0) - gateway.clock.now();
  expect(waitMs).toBeLessThanOrEqual(1000);
  gateway.sandbox.faults.clear();
  gateway.clock.advance(1001);
  expect(await statusOf(gateway)).toBe(200);
  expect(servers(gateway).at(-1)).toBe('cred-1');
  expect(await gateway.events('credential_ban.imposed')).toEqual([]);
});

test('a Retry-After of a 503 is obeyed for the model too', async () => {
  const gateway = await startFleet(TWO_TIERS);
  gateway.sandbox.faults.set('cred-1', 'status;code=503;retry-after=30', { times: 1 });
  expect(await statusOf(gateway)).toBe(200);
  expect(await statusOf(gateway)).toBe(200);
  expect(await statusOf(gateway, { model: 'gpt-4o' })).toBe(200);
  expect(servers(gateway)).toEqual(['cred-1', 'cred-2', 'cred-2', 'cred-1']);
  gateway.clock.advance(30_001);
  expect(await statusOf(gateway)).toBe(200);
  expect(servers(gateway).at(-1)).toBe('cred-1');
});

test('rated by credential and for a time of the pool’s own: every model goes elsewhere', async () => {
  const gateway = await startFleet({
    ...TWO_TIERS,
    pool: { ...TWO_TIERS.pool, rate_limited: { scope: 'credential', duration: '90s' } },
  });
  gateway.sandbox.faults.set('cred-1', 'status;code=429;retry-after=1', { times: 1 });
  expect(await statusOf(gateway)).toBe(200);
  gateway.clock.advance(80_000);
  expect(await statusOf(gateway, { model: 'gpt-4o' })).toBe(200);
  expect(servers(gateway)).toEqual(['cred-1', 'cred-2', 'cred-2']);
  gateway.clock.advance(10_001);
  expect(await statusOf(gateway, { model: 'gpt-4o' })).toBe(200);
  expect(servers(gateway).at(-1)).toBe('cred-1');
});
