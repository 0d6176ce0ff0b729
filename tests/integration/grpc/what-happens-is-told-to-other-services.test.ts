import { expect, test } from '@jest/globals';
import { CLI } from '../../../src/services/actor.ts';
import { refusalFrom } from '../../support/grpc-client.ts';
import { startKeyGateway } from './key-gateway.ts';

const credential = 'cred-1';

test('events are told as they are on record, and followed on from any of them', async () => {
  const gateway = await startKeyGateway();
  const { client, keyId, space } = gateway;
  const watch = client.watch('OperationsService', 'WatchEvents', { after: '0' });
  const rows = await gateway.events();
  await watch.nth(rows.length - 1);
  expect(watch.answers.map(({ event }) => Number(event?.seq))).toEqual(rows.map(({ seq }) => seq));
  await space.keys.update(CLI, keyId, { rpmLimit: 5 });
  const { event } = await watch.nth(rows.length);
  expect(event).toMatchObject({ type: 'virtual_key.updated', subject: keyId, actor: 'cli' });
  expect(JSON.parse(event!.beforeJson)).toMatchObject({ rpmLimit: null });
  expect(JSON.parse(event!.afterJson)).toMatchObject({ rpmLimit: 5 });
  const row = (await gateway.events()).at(-1)!;
  expect(Number(event!.at?.seconds) * 1000 + event!.at!.nanos / 1e6).toBe(row.at.getTime());
  watch.cancel();
  await space.users.create(CLI, { name: 'ann' });
  const { id } = await space.teams.create(CLI, { name: 'crew' });
  const again = client.watch('OperationsService', 'WatchEvents', {
    after: event!.seq,
    types: ['virtual_key.*', 'team.created'],
    subject: id,
  });
  expect((await again.nth(0)).event).toMatchObject({ subject: id, requestId: '', beforeJson: '' });
  again.cancel();
});

test('a follower that is dropped after each event sees each once', async () => {
  const gateway = await startKeyGateway();
  const { client, space } = gateway;
  let after = String((await gateway.events()).at(-1)?.seq ?? 0);
  const seen: string[] = [];
  for (let nth = 0; nth < 20; nth += 1) {
    await space.users.create(CLI, { name: `u${nth}` });
    const watch = client.watch('OperationsService', 'WatchEvents', { after, types: ['user.*'] });
    const { event } = await watch.nth(0);
    watch.cancel();
    seen.push(event!.seq);
    after = event!.seq;
  }
  const rows = await gateway.events('user.created');
  expect(seen).toEqual(rows.map(({ seq }) => String(seq)));
});

test('wrong questions are refused by the names of their fields', async () => {
  const { client } = await startKeyGateway();
  const events = client.watch('OperationsService', 'WatchEvents', { after: '-1', types: ['?'] });
  expect((await events.ended)?.violations?.map(({ field }) => field)).toEqual(['after', 'types.0']);
  const ids = Array.from({ length: 101 }, (_, nth) => `id-${nth}`);
  const balances = client.watch('OperationsService', 'WatchBalances', {
    poolIds: [''],
    credentialIds: ids,
  });
  expect((await balances.ended)?.violations?.map(({ field }) => field)).toEqual([
    'pool_ids.0',
    'credential_ids',
  ]);
});

test('balances are told as they are, then as they move', async () => {
  const gateway = await startKeyGateway();
  const { client } = gateway;
  const all = client.watch('OperationsService', 'WatchBalances', {});
  const before = await all.nth(2);
  expect(all.answers.map(({ name, balanceNanoUsd }) => [name, balanceNanoUsd])).toEqual([
    ['cred-1', '10000000000'],
    ['cred-2', '5000000000'],
    ['cred-3', '5000000000'],
  ]);
  expect(Number(before.checkedAt?.seconds)).toBeGreaterThan(1_700_000_000);
  const one = client.watch('OperationsService', 'WatchBalances', {
    poolIds: [before.poolId],
    credentialIds: [before.credentialId],
  });
  expect(await one.nth(0)).toEqual(before);
  const account = gateway.sandbox.credentials[2];
  if (account !== undefined) account.balanceNano += 1_000_000_001n;
  await gateway.app.balances.refresh();
  expect(await one.nth(1)).toMatchObject({ name: 'cred-3', balanceNanoUsd: '6000000001' });
  const none = client.watch('OperationsService', 'WatchBalances', { poolIds: ['no-pool'] });
  await none.stands;
  expect(none.answers).toEqual([]);
  for (const watch of [all, one, none]) watch.cancel();
});

test('a ban is told when it is imposed and when it is lifted', async () => {
  const { client, space } = await startKeyGateway();
  const bans = client.watch('OperationsService', 'WatchBans', {});
  await bans.stands;
  await space.bans.ban(CLI, { credential, note: 'by hand' });
  const { event: imposed } = await bans.nth(0);
  expect(imposed).toMatchObject({ type: 'credential_ban.imposed', actor: 'cli' });
  bans.cancel();
  await space.bans.liftBans(CLI, { credential });
  const again = client.watch('OperationsService', 'WatchBans', { after: imposed!.seq });
  expect((await again.nth(0)).event).toMatchObject({ type: 'credential_ban.lifted' });
  again.cancel();
});

test('an ejection of an origin is told of each credential that calls it, while it lasts', async () => {
  const { app, client, clock } = await startKeyGateway();
  const member = app.pools.members()[0];
  const nowMs = clock.now();
  const facts = {
    model: 'm',
    status: 500,
    verdict: 'v',
    requestId: 'r',
    nowMs,
    startedAtMs: nowMs,
  };
  const policy = { failures: 1, ms: 60_000, maxMs: 60_000 };
  const untilMs = member?.originHealth.failed(facts, true, policy) ?? 0;
  const blocks = async () => {
    const told = await client.ask('OperationsService', 'ListCredentialHealth', {});
    return told.credentials.map((one) => one.blocks);
  };
  const until = {
    seconds: String(Math.floor(untilMs / 1000)),
    nanos: expect.any(Number) as unknown,
  };
  const ejected = { state: 'ejected', model: '', until };
  expect(await blocks()).toEqual([[ejected], [ejected], [ejected]]);
  clock.advance(70_000);
  expect(await blocks()).toEqual([[], [], []]);
});

test('the health of credentials is told in the order of their pools, with what stands against them', async () => {
  const { client, space } = await startKeyGateway();
  const health = async (poolId = '') => {
    const asked = { poolId };
    return (await client.ask('OperationsService', 'ListCredentialHealth', asked)).credentials;
  };
  const [first, second, third] = await health();
  expect(first).toEqual({
    id: expect.any(String),
    name: 'cred-1',
    poolId: expect.any(String),
    provider: 'sandbox',
    isUsable: true,
    blocks: [],
    balanceNanoUsd: '10000000000',
    _balanceNanoUsd: 'balanceNanoUsd',
    inFlight: '0',
  });
  await space.bans.ban(CLI, { credential });
  await space.credentials.disable(CLI, 'cred-2');
  const after = await health(first?.poolId);
  expect(after.map(({ id, isUsable, blocks }) => [id, isUsable, blocks])).toEqual([
    [first?.id, false, [{ state: 'banned', model: '', until: null }]],
    [second?.id, false, [{ state: 'disabled', model: '', until: null }]],
    [third?.id, true, []],
  ]);
  const unknown = refusalFrom(
    client.ask('OperationsService', 'ListCredentialHealth', { poolId: 'none' }),
  );
  expect(await unknown).toMatchObject({ code: 'NOT_FOUND', violations: [{ field: 'pool_id' }] });
});
