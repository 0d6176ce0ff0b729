import { expect, test } from '@jest/globals';
import { openHouse, poolAt, startProvider } from './fixture.ts';

const COUNTED = { bans: { max_attempts: 3, ban_duration: '60s', error_codes: [500, 502] } };
const FAILURE = { kind: 'origin', isWhole: false, ms: null } as const;

test('three failures ban for the model before the next line runs; the row and its event follow', async () => {
  const provider = await startProvider();
  const house = await openHouse();
  await house.configure([poolAt(provider, ['a', 'b'], COUNTED)]);
  const startedAtMs = house.clock.now();
  for (const [at, status] of [500, 502, 500].entries()) {
    house.report('a', FAILURE, { status, requestId: `r${at}` });
  }
  expect(house.reason('a')).toBe('banned');
  expect([house.reason('a', 'other'), house.reason('b')]).toEqual([null, null]);
  await house.settled();
  const [id] = house.member('a').health.banIds();
  const evidence = { statuses: [500, 502, 500], requestIds: ['r0', 'r1', 'r2'] };
  const ban = { id, credentialId: house.member('a').id, model: 'm', reason: 'counted', evidence };
  const untilMs = startedAtMs + 60_000;
  const rest = { actor: 'system', strike: 1, startedAtMs, untilMs, endedAtMs: null, endedBy: null };
  expect(await house.bans()).toMatchObject([{ ...ban, ...rest }]);
  expect(await house.events('credential_ban.')).toMatchObject([
    {
      type: 'credential_ban.imposed',
      subject: ban.credentialId,
      actor: 'system',
      requestId: 'r2',
      after: {
        ban: id,
        model: 'm',
        reason: 'counted',
        evidence,
        until: new Date(untilMs).toISOString(),
      },
    },
  ]);
});

test('its end is on disk as well, and told', async () => {
  const provider = await startProvider();
  const house = await openHouse();
  await house.configure([poolAt(provider, ['a'], COUNTED)]);
  for (let times = 0; times < 3; times += 1) house.report('a', FAILURE);
  house.clock.advance(60_000);
  expect(house.reason('a')).toBeNull();
  await house.settled();
  expect(await house.bans()).toMatchObject([{ endedAtMs: house.clock.now(), endedBy: 'system' }]);
  const events = await house.events('credential_ban.');
  expect(events.map(({ type }) => type)).toEqual([
    'credential_ban.imposed',
    'credential_ban.ended',
  ]);
});

test('a 401 has the provider asked, and its refusal bans everything; what works is cleared', async () => {
  const provider = await startProvider(401);
  const house = await openHouse();
  await house.configure([poolAt(provider, ['a', 'b'])]);
  house.report('a', { kind: 'unauthorized' }, { status: 401 });
  expect([house.reason('a', 'other'), house.reason('b', 'other')]).toEqual(['suspect', null]);
  await house.settled();
  expect([house.reason('a', 'other'), house.reason('b', 'other')]).toEqual(['banned', null]);
  provider.status = 200;
  house.report('b', { kind: 'unauthorized' }, { status: 401 });
  await house.settled();
  expect([house.reason('a', 'other'), house.reason('b', 'other')]).toEqual(['banned', null]);
  expect(provider.asked).toEqual(['sk-canary-a', 'sk-canary-b']);
  expect(await house.bans()).toMatchObject([{ model: null, reason: 'unauthorized', strike: 1 }]);
  const types = (await house.events('credential_')).map(({ type }) => type);
  expect(types).toEqual([
    'credential_health.suspect',
    'credential_ban.imposed',
    'credential_health.suspect',
    'credential_health.active',
  ]);
  expect(house.logs()).not.toContain('sk-canary');
});

test('a provider that keeps refusing keeps it banned, each time for longer, row by row', async () => {
  const provider = await startProvider(401);
  const house = await openHouse();
  await house.configure([poolAt(provider, ['a'])]);
  house.report('a', { kind: 'unauthorized' }, { status: 401 });
  await house.settled();
  for (const minutes of [1, 2, 4]) {
    house.clock.advance(minutes * 60_000);
    await house.settled();
    expect(house.reason('a')).toBe('banned');
  }
  provider.status = 200;
  house.clock.advance(8 * 60_000);
  await house.settled();
  expect(house.reason('a')).toBeNull();
  const rows = await house.bans();
  const terms = rows.map(({ strike, startedAtMs, untilMs, endedAtMs }) => [
    strike,
    ((untilMs ?? 0) - startedAtMs) / 60_000,
    endedAtMs === untilMs,
  ]);
  expect(terms).toEqual([
    [1, 1, true],
    [2, 2, true],
    [3, 4, true],
    [4, 8, true],
  ]);
  expect(provider.asked).toHaveLength(5);
});

test('two hundred refused calls at once are one probe, one ban, one row', async () => {
  const provider = await startProvider(401);
  const house = await openHouse();
  await house.configure([poolAt(provider, ['a'], { bans: null })]);
  const refused = () => house.report('a', { kind: 'unauthorized' }, { status: 401 });
  for (let call = 0; call < 200; call += 1) refused();
  await house.settled();
  for (let call = 0; call < 200; call += 1) refused();
  await house.settled();
  expect(provider.asked).toHaveLength(1);
  expect(await house.bans()).toHaveLength(1);
});
