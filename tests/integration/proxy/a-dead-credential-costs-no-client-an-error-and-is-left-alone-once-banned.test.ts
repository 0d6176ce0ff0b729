import { expect, test } from '@jest/globals';
import { Ban } from '../../../src/entities/ban.ts';
import { canaryFleet, startGateway } from '../../support/gateway.ts';
import { arrivals, until } from './fixture.ts';
import { arrivalsOf, countOf, load } from './fleet-load.ts';
import { CLI } from '../../../src/services/actor.ts';

test('one dead credential of five under 200 calls a second', async () => {
  const gateway = await startGateway({ fleet: canaryFleet(10, 10, 10, 10, 10) });
  await load(gateway, 50);
  gateway.sandbox.revoke('cred-3');
  let callsAtBan = 0;
  let sent = 0;
  const isBanned = async () => (await gateway.events('credential_ban.imposed')).length > 0;
  const before = arrivals(gateway).length;
  const until401 = await load(gateway, 50);
  await until(isBanned);
  callsAtBan = arrivals(gateway).length;
  const toDeadOne = arrivalsOf(gateway, 'cred-3').length;

  const after = await load(gateway, 1000, () => (sent += 10));
  expect(countOf([...until401, ...after], 200)).toBe(until401.length + after.length);
  // Not one call more than clients made: the ban is absolute.
  expect(arrivals(gateway).length - callsAtBan).toBe(sent);
  expect(arrivalsOf(gateway, 'cred-3')).toHaveLength(toDeadOne);
  // And few before: it was set aside at its first refusal.
  expect(callsAtBan - before - until401.length).toBeLessThanOrEqual(10);
});

test('from the moment a ban is committed nothing reaches the credential', async () => {
  const gateway = await startGateway();
  let arrivedAtCommit: number | undefined;
  gateway.space.events.subscribe('credential_ban.imposed', () => {
    arrivedAtCommit ??= arrivalsOf(gateway, 'cred-1').length;
  });
  gateway.sandbox.revoke('cred-1');
  const statuses = await load(gateway, 400);
  await until(() => arrivedAtCommit !== undefined);
  expect(countOf(statuses, 200)).toBe(400);
  expect(arrivalsOf(gateway, 'cred-1')).toHaveLength(arrivedAtCommit ?? -1);
});

test('an operator’s ban holds for calls that were already choosing', async () => {
  const gateway = await startGateway();
  const running = load(gateway, 300);
  await gateway.space.bans.ban(CLI, { credential: 'default/cred-2', note: 'leaked' });
  const atCommit = arrivalsOf(gateway, 'cred-2').length;
  expect(countOf(await running, 200)).toBe(300);
  expect(arrivalsOf(gateway, 'cred-2')).toHaveLength(atCommit);
});

test('a ban survives a restart, and ends when the provider accepts the credential again', async () => {
  const first = await startGateway({ fleet: canaryFleet(10, 10) });
  first.sandbox.revoke('cred-1');
  await load(first, 20);
  await until(async () => (await first.events('credential_ban.imposed')).length > 0);
  const [ban] = await first.space.orm.em.fork().find(Ban, {});
  expect(ban).toMatchObject({ reason: 'unauthorized', model: null, strike: 1, endedAtMs: null });
  expect(ban?.evidence.statuses).toEqual([401, 401]);
  expect(ban?.evidence.requestIds).toHaveLength(1);

  // Refused again when its time is over: twice as long, still without any client's call.
  first.clock.advance(60_001);
  await until(async () => (await first.events('credential_ban.imposed')).length === 2);
  const seen = arrivalsOf(first, 'cred-1').length;
  await load(first, 20);
  expect(arrivalsOf(first, 'cred-1')).toHaveLength(seen);

  first.sandbox.revoke('cred-1', false);
  first.clock.advance(120_001);
  await until(async () => (await first.events('credential_ban.ended')).length === 2);
  await load(first, 20);
  expect(arrivalsOf(first, 'cred-1').length).toBeGreaterThan(seen);
});
