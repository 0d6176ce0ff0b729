import { describe, expect, test } from '@jest/globals';
import { Ban } from '../../../src/entities/ban.ts';
import type { BanReason } from '../../../src/entities/ban.ts';
import { Credential } from '../../../src/entities/credential.ts';
import { Pool } from '../../../src/entities/pool.ts';
import { aCredential, openOffice } from './fixture.ts';
import type { Office } from './fixture.ts';
import { CLI } from '../../../src/services/actor.ts';

const credentialsOf = ({ space }: Office) =>
  space.orm.em.fork().find(Credential, {}, { orderBy: { createdAt: 'asc' } });

const changes = async (office: Office) =>
  (await office.events('')).map(({ type, subject }) => `${type} ${subject}`);

test('what a credential may do is stored, and nothing is unlimited by -1', async () => {
  const office = await openOffice();
  const fields = { weight: 3, priority: 2, rpm: 60, tpm: 9000, models: ['gpt-*', 'o3'] };
  const plain = aCredential('plain', { rpm: -1, tpm: 0 });
  await office.configure([{ name: 'main', credentials: [aCredential('full', fields), plain] }]);
  expect(await credentialsOf(office)).toMatchObject([
    {
      name: 'full',
      weight: 3,
      priority: 2,
      rpmLimit: 60,
      tpmLimit: 9000,
      models: ['gpt-*', 'o3'],
    },
    { name: 'plain', weight: 1, priority: 1, rpmLimit: null, tpmLimit: null, models: null },
  ]);
});

test('the same configuration again changes nothing', async () => {
  const office = await openOffice();
  const credentials = [aCredential('one', { weight: 2, models: ['a', 'b'] })];
  const pool = { name: 'main', preset: 'model-gateway', credentials };
  await office.configure([pool]);
  const before = await changes(office);
  await office.configure([pool]);
  expect(await changes(office)).toEqual(before);
});

const poolsWith = (fields: object) => [{ name: 'main', credentials: [aCredential('one', fields)] }];

test.each([
  ['weight', 5],
  ['priority', 2],
  ['rpm', 10],
  ['tpm', 10],
  ['models', ['a']],
  ['base_url', 'http://127.0.0.1:9/v1'],
  ['api_key', 'sk-another-secret'],
])('a change of %s is noticed', async (field, value) => {
  const office = await openOffice();
  await office.configure(poolsWith({}));
  const [row] = await credentialsOf(office);
  await office.configure(poolsWith({ [field]: value }));
  const [after] = await credentialsOf(office);
  expect(after?.id).toBe(row?.id);
  expect((await changes(office)).at(-1)).toBe(`credential.configured ${row?.id}`);
  expect((await changes(office)).filter((text) => text.startsWith('credential.'))).toHaveLength(2);
});

test('a start keeps whom operators have selected', async () => {
  const office = await openOffice();
  const pool = { name: 'main', credentials: [aCredential('one'), aCredential('two')] };
  await office.configure([pool]);
  await office.space.credentials.select(CLI, { credential: 'two' });
  await office.configure([{ ...pool, strategy: 'selected_then_rotate' }]);
  const [row] = await office.space.orm.em.fork().find(Pool, {});
  const [, two] = await credentialsOf(office);
  expect(row).toMatchObject({
    strategy: 'selected_then_rotate',
    selectedCredentialId: two?.id,
  });
});

describe('what was learned of an account', () => {
  const MINUTE_MS = 60_000;

  /** A credential with a known balance and a ban of every kind, by name. */
  async function learned() {
    const office = await openOffice();
    await office.configure(poolsWith({}));
    const [row] = await credentialsOf(office);
    const credentialId = row?.id ?? '';
    const em = office.space.orm.em.fork();
    const balance = { balanceNano: 5n, balanceUsedNano: 2n, balanceCheckedAt: new Date(0) };
    await em.nativeUpdate(Credential, { id: credentialId }, balance);
    const nowMs = office.clock.now();
    const bans: [string, BanReason, number | null][] = [
      ['confirmed', 'unauthorized', nowMs + MINUTE_MS],
      ['confirmed, its time over', 'unauthorized', nowMs - 1],
      ['counted', 'counted', nowMs + MINUTE_MS],
      ['counted for ever', 'counted', null],
      ['counted, over', 'counted', nowMs - 1],
      ['by hand', 'operator', null],
    ];
    for (const [at, [id, reason, untilMs]] of bans.entries()) {
      const facts = { id, credentialId, model: `m${at}`, reason, untilMs, actor: 'system' };
      const evidence = { statuses: [401], requestIds: [] };
      const startedAtMs = nowMs - MINUTE_MS + at;
      const open = { endedAtMs: null, endedBy: null };
      em.persist(em.create(Ban, { ...facts, evidence, strike: 1, startedAtMs, ...open }));
    }
    await em.flush();
    const ended = async () => {
      const rows = await office.space.orm.em
        .fork()
        .find(Ban, { endedAtMs: { $ne: null } }, { orderBy: { startedAtMs: 'asc' } });
      return rows.map((ban) => [ban.id, (ban.endedAtMs ?? 0) >= nowMs, ban.endedBy]);
    };
    return { office, credentialId, balance, ended };
  }

  test.each([
    ['secret', { api_key: 'sk-another-secret' }, 'another secret was configured'],
    ['provider', { provider: 'anthropic' }, 'another provider was configured'],
  ])('is forgotten with its %s, but not what an operator said', async (_name, fields, cause) => {
    const { office, credentialId, ended } = await learned();
    await office.configure(poolsWith(fields));
    expect(await credentialsOf(office)).toMatchObject([
      { id: credentialId, balanceNano: null, balanceUsedNano: null, balanceCheckedAt: null },
    ]);
    expect(await ended()).toEqual([
      ['confirmed', true, 'system'],
      ['confirmed, its time over', true, 'system'],
      ['counted', true, 'system'],
      ['counted for ever', true, 'system'],
    ]);
    const events = await office.events('credential_ban.');
    expect(events).toHaveLength(4);
    expect(events[0]).toMatchObject({
      type: 'credential_ban.ended',
      subject: credentialId,
      actor: 'system',
      before: { ban: 'confirmed', model: 'm0', reason: 'unauthorized' },
      after: { cause },
    });
  });

  test('is kept through all other changes', async () => {
    const { office, balance, ended } = await learned();
    await office.configure(poolsWith({ weight: 5, base_url: 'http://127.0.0.1:9/v1' }));
    expect(await credentialsOf(office)).toMatchObject([{ ...balance, weight: 5 }]);
    expect([await ended(), await office.events('credential_ban.')]).toEqual([[], []]);
  });
});
