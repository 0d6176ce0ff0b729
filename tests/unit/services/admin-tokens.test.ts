import { beforeEach, describe, expect, test } from '@jest/globals';
import { ADMIN_ROLES } from '../../../src/entities/admin-role.ts';
import { AdminToken } from '../../../src/entities/admin-token.ts';
import { CLI } from '../../../src/services/actor.ts';
import type { Actor } from '../../../src/services/actor.ts';
import type { AdminTokenService } from '../../../src/services/admin-tokens.ts';
import { Authenticator } from '../../../src/services/authenticator.ts';
import { UserTokens } from '../../../src/services/user-tokens.ts';
import { openOffice } from './fixture.ts';
import type { Office } from './fixture.ts';

const DAY_MS = 86_400_000;

let office: Office;
let tokens: AdminTokenService;
let authenticator: Authenticator;

beforeEach(async () => {
  office = await openOffice();
  ({ tokens } = office.space);
  authenticator = await opened(office);
});

async function opened({ space, clock }: Office): Promise<Authenticator> {
  const { events, hasher, orm, secrets } = space;
  const nobody = { secret: null, jwksUrl: null, audience: null, issuer: null };
  const userTokens = new UserTokens({ clock, ...nobody, onUnreadable: () => undefined });
  const parts = { em: orm.em, events, clock, hasher, adminSecret: secrets.admin, userTokens };
  const made = new Authenticator(parts);
  await made.load();
  return made;
}

const whoShows = (secret: string) => authenticator.actorOf(`Bearer ${secret}`);

describe('an admin token', () => {
  test.each(ADMIN_ROLES)('of role %s is shown once, and opens what its role may', async (role) => {
    const { secret, token } = await tokens.create(CLI, { name: 'ci', role });
    expect(secret).toMatch(/^tg-adm-[0-9A-Za-z]{49}$/);
    expect(token).toMatchObject({ name: 'ci', role, createdBy: 'cli', expiresAt: null });
    expect(token.hint).toBe(`tg-adm-…${secret.slice(-4)}`);
    expect(await whoShows(secret)).toEqual({
      name: 'token:ci',
      role,
      userId: null,
      tokenId: token.id,
    });
    const stored = JSON.stringify([
      await office.space.orm.em.fork().find(AdminToken, {}),
      await office.events('admin_token.'),
    ]);
    expect(stored).not.toContain(secret);
  });

  test('is told in events, without its hash', async () => {
    const { token } = await tokens.create(CLI, { name: 'ci', role: 'viewer', expiresInDays: 1 });
    await tokens.revoke(CLI, 'ci');
    const events = await office.events('admin_token.');
    expect(events).toMatchObject([
      { type: 'admin_token.created', subject: token.id, actor: 'cli', before: null },
      {
        type: 'admin_token.revoked',
        before: { name: 'ci', role: 'viewer', revokedAt: null },
        after: { revokedAt: expect.any(String) },
      },
    ]);
    expect(JSON.stringify(events)).not.toContain(token.hash);
  });

  test.each(['name', 'id'] as const)('opens nothing once it is revoked, by %s', async (by) => {
    const { secret, token } = await tokens.create(CLI, { name: 'ci', role: 'admin' });
    const actor = await whoShows(secret);
    let told = 0;
    const stop = authenticator.onChange(() => (told += 1));
    const revoked = await tokens.revoke(CLI, token[by]);
    expect(revoked.revokedAt?.getTime()).toBeLessThanOrEqual(office.clock.now());
    expect(await whoShows(secret)).toBeNull();
    expect(authenticator.isValid(actor as Actor)).toBe(false);
    expect(told).toBe(1);
    stop();
    // There is nothing more to revoke, and nobody is told so.
    const again = await tokens.revoke(CLI, token.id);
    expect(again.revokedAt).toEqual(revoked.revokedAt);
    expect(told).toBe(1);
    expect(await office.events('admin_token.')).toHaveLength(2);
  });

  test('opens nothing from the moment it expires', async () => {
    const made = await tokens.create(CLI, { name: 'ci', role: 'viewer', expiresInDays: 2 });
    const actor = await whoShows(made.secret);
    expect(actor).toMatchObject({ expiresAtMs: made.token.expiresAt?.getTime() });
    office.clock.advance(2 * DAY_MS - 60_000);
    expect(authenticator.isValid(actor as Actor)).toBe(true);
    expect(await whoShows(made.secret)).not.toBeNull();
    office.clock.advance(60_000);
    expect(authenticator.isValid(actor as Actor)).toBe(false);
    expect(await whoShows(made.secret)).toBeNull();
  });

  test('is known to a process that starts after it was made, unless it was revoked', async () => {
    const kept = await tokens.create(CLI, { name: 'kept', role: 'viewer' });
    const gone = await tokens.create(CLI, { name: 'gone', role: 'viewer' });
    await tokens.revoke(CLI, 'gone');
    authenticator = await opened(office);
    expect(await whoShows(kept.secret)).toMatchObject({ name: 'token:kept' });
    expect(await whoShows(gone.secret)).toBeNull();
  });

  test('has a name of its own for all time, however many want it at once', async () => {
    const wanted = Array.from({ length: 20 }, () =>
      tokens.create(CLI, { name: 'ci', role: 'viewer' }),
    );
    const results = await Promise.allSettled(wanted);
    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    await tokens.revoke(CLI, 'ci');
    await expect(tokens.create(CLI, { name: 'ci', role: 'viewer' })).rejects.toMatchObject({
      code: 'conflict',
      param: 'name',
    });
  });

  test('that is asked for twice under one mutation id is made once, and shown once', async () => {
    const actor: Actor = { ...CLI, mutationId: 'm1' };
    const first = await tokens.create(actor, { name: 'ci', role: 'viewer' });
    const again = await tokens.create(actor, { name: 'ci', role: 'viewer' });
    expect(again.secret).toBe('');
    expect(again.token.id).toBe(first.token.id);
    expect(await tokens.list(CLI)).toHaveLength(1);
  });

  test('is made only with all in order: every mistake is named', async () => {
    const wrong = { name: ' ', role: 'root', expiresInDays: 0, scope: 'all' };
    const failure = await tokens.create(CLI, wrong as never).catch(String);
    for (const part of ['name: ', 'role: ', 'expiresInDays: ', 'unknown fields: "scope"']) {
      expect(failure).toContain(part);
    }
    await expect(tokens.revoke(CLI, 'nobody')).rejects.toMatchObject({ code: 'not_found' });
    expect(await tokens.list(CLI)).toEqual([]);
  });
});

test.each(['user', 'viewer', 'operator'] as const)('a %s has no say in tokens', async (role) => {
  const actor: Actor = { name: 'token:x', role, userId: null };
  const denied = { code: 'permission_denied' };
  await expect(tokens.list(actor)).rejects.toMatchObject(denied);
  await expect(tokens.create(actor, { name: 'ci', role: 'viewer' })).rejects.toMatchObject(denied);
  await expect(tokens.revoke(actor, 'ci')).rejects.toMatchObject(denied);
});

test.each([
  ['nothing', undefined],
  ['no scheme', 'tg-adm-x'],
  ['another scheme', 'Basic YWRtaW46'],
  ['an empty secret', 'Bearer '],
  ['junk with our prefix', `Bearer tg-adm-${'0'.repeat(49)}`],
  ['a virtual key', `Bearer sk-tg-${'0'.repeat(43)}4JadvH`],
  ['something enormous', `Bearer ${'x'.repeat(100_000)}`],
])('%s is nobody’s', async (_what, header) => {
  expect(await authenticator.actorOf(header)).toBeNull();
});

test('a token that is nearly right is nobody’s', async () => {
  const { secret } = await tokens.create(CLI, { name: 'ci', role: 'admin' });
  for (const near of [secret.slice(0, -1), `${secret}0`, secret.toLowerCase(), ` ${secret}`]) {
    expect(await whoShows(near)).toBeNull();
  }
});

test('the admin secret is the administrator’s, under any spelling of the scheme', async () => {
  const secret = office.space.secrets.admin.reveal();
  for (const scheme of ['Bearer', 'bearer', 'BEARER']) {
    const actor = await authenticator.actorOf(`${scheme} ${secret}`);
    expect(actor).toEqual({ name: 'admin', role: 'admin', userId: null });
    expect(authenticator.isValid(actor as Actor)).toBe(true);
  }
});
