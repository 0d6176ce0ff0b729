import { expect, test } from '@jest/globals';
import { CLI } from '../../../src/services/actor.ts';
import { seededRandom } from '../../../src/lib/random.ts';
import { refusalFrom } from '../../support/grpc-client.ts';
import type { WatchKeysResponse__Output } from '../../../src/grpc/generated/tollgate/v1/WatchKeysResponse.ts';
import { quickest } from '../../support/fastest-of.ts';
import { startKeyGateway } from './key-gateway.ts';
import type { KeyGateway } from './key-gateway.ts';

const LIMIT_MS = 1000;
const TRIES = 3;

/** What the next message says, in short. */
const brief = ({ current, changed, ready, removedId }: WatchKeysResponse__Output) => {
  if (ready) return ['ready', ready.keys];
  const key = current ?? changed;
  return key ? [current ? 'current' : 'changed', key.id, key.status] : ['removed', removedId];
};

const REVOCATIONS: [string, (gateway: KeyGateway, id: string) => Promise<unknown>, string][] = [
  ['disabled', ({ space }, id) => space.keys.disable(CLI, id), 'INACTIVE'],
  ['deleted', ({ space }, id) => space.keys.remove(CLI, id), 'DELETED'],
  ['of a user switched off', ({ space }) => switchUser(space, false), 'INACTIVE'],
  ['of a team switched off', ({ space }) => switchTeam(space, false), 'INACTIVE'],
];

const switchUser = ({ users }: KeyGateway['space'], isEnabled: boolean) =>
  users.update(CLI, 'ann', { isEnabled });
const switchTeam = ({ teams }: KeyGateway['space'], isEnabled: boolean) =>
  teams.update(CLI, 'crew', { isEnabled });

test.each(REVOCATIONS)('a key that is %s', async (_how, revoke, status) => {
  const gateway = await startKeyGateway();
  const { client, space } = gateway;
  await space.users.create(CLI, { name: 'ann' });
  await space.teams.create(CLI, { name: 'crew' });
  const watch = client.watch('KeyService', 'WatchKeys', {});
  expect(brief(await watch.nth(0))).toEqual(['current', gateway.keyId, 'KEY_STATUS_ACTIVE']);
  expect(brief(await watch.nth(1))).toEqual(['ready', '1']);
  let nth = 1;
  const took = await quickest(LIMIT_MS, TRIES, async () => {
    await switchUser(space, true);
    await switchTeam(space, true);
    const owners = { user: 'ann', team: 'crew' };
    const { virtualKey } = await space.keys.create(CLI, { name: 'doomed', ...owners });
    const isIt = (told: WatchKeysResponse__Output, wanted: string) =>
      told.changed?.id === virtualKey.id && told.changed.status === `KEY_STATUS_${wanted}`;
    while (!isIt(await watch.nth((nth += 1)), 'ACTIVE'));
    const startMs = performance.now();
    await revoke(gateway, virtualKey.id);
    while (!isIt(await watch.nth((nth += 1)), status));
    const ms = performance.now() - startMs;
    await space.keys.remove(CLI, virtualKey.id).catch(() => undefined);
    return ms;
  });
  expect(took).toBeLessThan(LIMIT_MS);
  watch.cancel();
});

test('whoever is told of a change may rely on it: the key is judged so by then', async () => {
  const { client, keyId, space } = await startKeyGateway();
  const watch = client.watch('KeyService', 'WatchKeys', {});
  await watch.nth(1);
  const validity = async () =>
    (await client.ask('KeyService', 'ValidateKey', { key: { id: keyId } })).valid;
  for (let nth = 2; nth < 20; nth += 2) {
    const disabled = watch.nth(nth).then(validity);
    await space.keys.disable(CLI, keyId);
    expect(await disabled).toBe(false);
    const enabled = watch.nth(nth + 1).then(validity);
    await space.keys.enable(CLI, keyId);
    expect(await enabled).toBe(true);
  }
  watch.cancel();
});

const DROPS = 50;
const CHANGES = 150;

test('a watcher that is dropped fifty times while keys change sees each change once, in order', async () => {
  const gateway = await startKeyGateway();
  const { client, keyId, space } = gateway;
  const random = seededRandom(11);
  const seen: { seq: number; id: string; rpm: number }[] = [];
  const begin = gateway.space.events.seq;
  let after = begin;
  const change = async () => {
    const ids = [keyId];
    for (let nth = 1; nth <= CHANGES; nth += 1) {
      const id = ids[Math.floor(random() * ids.length)] ?? keyId;
      await space.keys.update(CLI, id, { rpmLimit: nth });
      if (nth % 30 === 0) {
        const { virtualKey } = await space.keys.create(CLI, { name: `n${nth}`, rpmLimit: nth });
        ids.push(virtualKey.id);
      }
    }
  };
  /** Reads so many, then breaks off in whatever is being said. */
  const watchFor = async (count: number) => {
    const watch = client.watch('KeyService', 'WatchKeys', { after });
    // Some are lost before anything was told.
    if (count === 0) await watch.stands;
    for (let nth = 0; nth < count; nth += 1) {
      const { seq, changed } = await watch.nth(nth);
      after = Number(seq);
      seen.push({ seq: after, id: changed?.id ?? '', rpm: Number(changed?.rpmLimit) });
    }
    watch.cancel();
    await watch.ended;
  };
  const changing = change();
  for (let drop = 0; drop < DROPS; drop += 1) await watchFor(drop % 4);
  await changing;
  const rows = (await gateway.events()).filter(({ seq }) => seq > begin);
  const told = rows.filter(({ type }) => type.startsWith('virtual_key.'));
  await watchFor(told.length - seen.length);
  expect(seen.map(({ seq }) => seq)).toEqual(told.map(({ seq }) => seq));
  expect(seen.map(({ id }) => id)).toEqual(told.map(({ subject }) => subject));
  // As it was then, or later: never as it was before.
  for (const [at, { rpm }] of seen.entries()) {
    const { rpmLimit } = Object(told[at]?.after) as { rpmLimit?: number };
    expect(rpm).toBeGreaterThanOrEqual(Number(rpmLimit));
  }
});

test('a beginning that broke off begins anew with the number that it was told', async () => {
  const { client, space } = await startKeyGateway();
  for (const name of ['a', 'b', 'c']) await space.keys.create(CLI, { name });
  const first = client.watch('KeyService', 'WatchKeys', {});
  const { seq } = await first.nth(1);
  first.cancel();
  const again = client.watch('KeyService', 'WatchKeys', { after: seq });
  const told = [];
  for (let nth = 0; nth < 5; nth += 1) told.push(brief(await again.nth(nth)));
  expect(told.map(([kind]) => kind)).toEqual(['current', 'current', 'current', 'current', 'ready']);
  again.cancel();
});

test('a number that the log does not have says to begin anew, and the field is named', async () => {
  const { client } = await startKeyGateway();
  const { ended } = client.watch('KeyService', 'WatchKeys', { after: '999999' });
  expect(await ended).toMatchObject({
    code: 'NOT_FOUND',
    violations: [{ field: 'after' }],
  });
  const refusal = await refusalFrom(client.ask('KeyService', 'GetKey', { key: { id: '' } }));
  expect(refusal.code).toBe('NOT_FOUND');
});
