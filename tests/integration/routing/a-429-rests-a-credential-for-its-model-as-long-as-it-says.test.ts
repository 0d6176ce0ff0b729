import { expect, test } from '@jest/globals';
import { DEFAULT_MODEL, named, servers, startFleet, statusOf, times } from './fixture.ts';

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
  ['retry-after-ms', () => alone(header('retry-after-ms', '20000')), 20],
  ['retry-after in seconds', () => alone(header('retry-after', '20')), 20],
  ['retry-after as a fraction', () => alone(header('retry-after', '20.5')), 20.5],
  ['retry-after as a date', (now) => alone(header('retry-after', httpIn(20_000)(now))), 20],
  ['a reset of requests, 6m0s', () => resets('-requests', '6m0s'), 360],
  ['a reset of tokens, 20000ms', () => resets('-tokens', '20000ms'), 20],
  ['a reset in seconds', () => resets('', '20'), 20],
  ['a reset in epoch seconds', (now) => resets('', String(Math.round(now / 1000) + 20)), 20],
  ['a reset as a date', (now) => resets('', isoIn(20_000)(now)), 20],
  [
    'retry-after-ms before retry-after before resets',
    () => `${resets('', '90')}|${header('retry-after', '60')}|${header('retry-after-ms', '20000')}`,
    20,
  ],
  [
    'the later of two resets',
    () => `${resets('-requests', '5s')}|${header('x-ratelimit-reset-tokens', '20s')}`,
    20,
  ],
  [
    'not the reset of what is left',
    () =>
      `${resets('-requests', '20s')}|${header('x-ratelimit-reset-tokens', '50m')}|` +
      header('x-ratelimit-remaining-tokens', '7'),
    20,
  ],
  [
    'nonsense before what makes sense',
    () => `${resets('', '20')}|${header('retry-after', 'soon')}`,
    20,
  ],
  ['more than an hour is an hour', () => alone(header('retry-after', '86400')), 3600],
];

test.each(FORMS)('%s: this model goes elsewhere for so long', async (_name, faultAt, seconds) => {
  const gateway = await startFleet(TWO_TIERS);
  const { sandbox, clock } = gateway;
  sandbox.faults.set('cred-1', faultAt(clock.now()), { times: 1 });
  expect(await statusOf(gateway)).toBe(200);
  expect(servers(gateway)).toEqual(['cred-1', 'cred-2']);
  // A date has whole seconds, and real ones go by.
  clock.advance(seconds * 1000 - 4000);
  expect(await statusOf(gateway)).toBe(200);
  expect(await statusOf(gateway, { model: 'gpt-4o' })).toBe(200);
  expect(servers(gateway).slice(2)).toEqual(['cred-2', 'cred-1']);
  const [, kept] = await gateway.records();
  expect(named(gateway, kept?.route).excluded).toEqual([
    { credential: 'cred-1', reason: 'cooling', untilMs: expect.any(Number) },
  ]);
  clock.advance(5000);
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
  const gateway = await startFleet(TWO_TIERS);
  const fault = 'delay-head;ms=300|status;code=429|without-header;name=x-ratelimit-';
  gateway.sandbox.faults.set('cred-1', fault);
  await Promise.all(Array.from({ length: 20 }, () => statusOf(gateway)));
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
