import { expect, test } from '@jest/globals';
import { SignJWT } from 'jose';
import type { GraphQLFormattedError } from 'graphql';
import type { CloseEvent } from 'ws';
import { ADMIN, CLI } from '../../../src/services/actor.ts';
import { quickest } from '../../support/fastest-of.ts';
import { startGateway } from '../../support/gateway.ts';
import type { Gateway } from '../../support/gateway.ts';
import { follow, liveClient } from '../../support/live-client.ts';

const SECRET = 'a-secret-of-users-that-is-long-enough-1234';

const userToken = (userId: string, gateway: Gateway, seconds = 3600): Promise<string> =>
  new SignJWT({ sub: userId })
    .setProtectedHeader({ alg: 'HS256' })
    .setExpirationTime(Math.floor(gateway.clock.now() / 1000) + seconds)
    .sign(new TextEncoder().encode(SECRET));

const QUIET = 'subscription { requests(filter: { model: ["nobody asks for it"] }) { id } }';

/** A client whose subscription stands, and how it ends. */
async function standing(gateway: Gateway, token: string) {
  const client = liveClient(gateway, { token });
  const quiet = follow(client, QUIET);
  await follow(client, '{ me { name } }').nth(0);
  return { client, ended: quiet.ended as Promise<CloseEvent> };
}

test('a token that is revoked takes its sockets along, and no others', async () => {
  const gateway = await startGateway();
  const { tokens } = gateway.space;
  const kept = await tokens.create(ADMIN, { name: 'kept', role: 'viewer' });
  const other = await standing(gateway, kept.secret);
  let nth = 0;
  const ms = await quickest(1000, 5, async () => {
    nth += 1;
    const { secret, token } = await tokens.create(ADMIN, {
      name: `revoked-${nth}`,
      role: 'viewer',
    });
    const { client, ended } = await standing(gateway, secret);
    const startMs = performance.now();
    await tokens.revoke(ADMIN, token.id);
    expect(await ended).toMatchObject({ code: 4403 });
    const took = performance.now() - startMs;
    const again = follow(client, QUIET);
    expect(await again.ended).toMatchObject({ code: 4403 });
    return took;
  });
  expect(ms).toBeLessThan(1000);
  expect(await follow(other.client, '{ me { name } }').nth(0)).toEqual({ name: 'token:kept' });
  await other.client.dispose();
});

test('so do a token that expires, one of a user that expires, and a user who is switched off', async () => {
  const gateway = await startGateway({ env: { USER_JWT_SECRET: SECRET } });
  const { tokens, users } = gateway.space;
  const { id } = await users.create(CLI, { name: 'ann' });
  const { secret } = await tokens.create(ADMIN, { name: 'short', role: 'admin', expiresInDays: 1 });
  const short = await standing(gateway, await userToken(id, gateway, 60));
  const expiring = await standing(gateway, secret);
  gateway.clock.advance(61_000);
  expect(await short.ended).toMatchObject({ code: 4403 });
  gateway.clock.advance(86_400_000);
  expect(await expiring.ended).toMatchObject({ code: 4403 });
  const off = await standing(gateway, await userToken(id, gateway));
  await users.update(ADMIN, id, { isEnabled: false });
  expect(await off.ended).toMatchObject({ code: 4403 });
});

test('also in the middle of what it is being told', async () => {
  const gateway = await startGateway();
  const { tokens, events } = gateway.space;
  const { secret, token } = await tokens.create(ADMIN, { name: 'reader', role: 'viewer' });
  const client = liveClient(gateway, { token: secret });
  const told = follow(
    client,
    'subscription { events(after: 0, types: ["test.*", "admin_token.*"]) { type } }',
  );
  await told.nth(0);
  const draft = { type: 'test.happened', subject: 's', actor: 'system' };
  const happening = (async () => {
    for (let nth = 0; nth < 200; nth += 1) {
      await events.record([draft]);
      if (nth === 100) await tokens.revoke(ADMIN, token.id);
    }
  })();
  expect(await told.ended).toMatchObject({ code: 4403 });
  await happening;
  expect(told.results.length).toBeLessThan(150);
});

test('users are told of their own requests alone, and of nothing that is for others', async () => {
  const gateway = await startGateway({ env: { USER_JWT_SECRET: SECRET } });
  const { users, keys } = gateway.space;
  const [ann, bob] = [
    await users.create(CLI, { name: 'ann' }),
    await users.create(CLI, { name: 'bob' }),
  ];
  const client = liveClient(gateway, { token: await userToken(ann.id, gateway) });
  const own = follow<{ keyId: string; userId: string }>(
    client,
    'subscription { requests { keyId userId } }',
  );
  // Asking for another's does not help.
  const foreign = follow(
    client,
    `subscription { requests(filter: { user: ["${bob.id}"] }) { keyId userId } }`,
  );
  await follow(client, '{ me { name } }').nth(0);
  const call = async (user: string) => {
    const { key, virtualKey } = await keys.create(CLI, { name: user, user });
    const response = await gateway.chat({}, { authorization: `Bearer ${key}` });
    await response.text();
    return virtualKey.id;
  };
  await call('bob');
  const annsKey = await call('ann');
  await call('bob');
  const annsOther = await call('ann');
  expect(await own.nth(1)).toEqual({ keyId: annsOther, userId: ann.id });
  expect(own.results[0]).toEqual({ keyId: annsKey, userId: ann.id });
  expect((await foreign.nth(1)).userId).toBe(ann.id);
  for (const field of [
    'events { seq }',
    'keyChanged { seq }',
    'banChanged { seq }',
    'budgetAlert { seq }',
    'providerHealth { seq }',
    'balanceChanged { poolId }',
    'liveStats { inFlight }',
  ]) {
    const refused = follow(client, `subscription { ${field} }`);
    const [first] = (await refused.ended) as GraphQLFormattedError[];
    expect(first?.extensions?.['code']).toBe('PERMISSION_DENIED');
    expect(refused.results).toEqual([]);
  }
  await client.dispose();
});
