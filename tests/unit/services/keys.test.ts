import { beforeEach, describe, expect, test } from '@jest/globals';
import { statusOf } from '../../../src/entities/virtual-key.ts';
import type { KeyService } from '../../../src/services/keys.ts';
import { aCredential, openOffice } from './fixture.ts';
import type { Office } from './fixture.ts';
import { CLI } from '../../../src/services/actor.ts';

const HOUR_MS = 3_600_000;

let office: Office;
let keys: KeyService;

beforeEach(async () => {
  office = await openOffice();
  ({ keys } = office.space);
  await office.configure([{ name: 'main', credentials: [aCredential('one')] }]);
});

const rowOf = async (id: string) => (await keys.list(CLI)).find((row) => row.id === id);

/** What events say, as the store has it. */
const told = async (type: string) =>
  (await office.events(type)).map(({ subject, before, after }) => ({ subject, before, after }));

const RESTRICTED = {
  name: 'phone',
  metadata: { cost_centre: 7, tags: ['a'] },
  allowedModels: ['gpt-4o', 'claude-*'],
  allowedEndpoints: ['chat.*', 'embeddings'],
  sourceNetworks: ['10.0.0.0/8', '192.168.1.7', '2001:db8::/32', '::1'],
  rpmLimit: 60,
  tpmLimit: 90_000,
  concurrencyLimit: 5,
};

test('a key keeps all it was given, and its owners by id or name', async () => {
  const { users, teams } = office.space;
  const ann = await users.create(CLI, { name: 'ann' });
  const team = await teams.create(CLI, { name: 'research' });
  const given = { ...RESTRICTED, user: 'ann', team: team.id, pool: 'main' };
  const { key, virtualKey } = await keys.create(CLI, given);
  const row = await rowOf(virtualKey.id);
  expect(row).toMatchObject({ ...RESTRICTED, userId: ann.id, teamId: team.id });
  const [event] = await told('virtual_key.created');
  expect(event).toMatchObject({ subject: virtualKey.id, before: null, after: RESTRICTED });
  expect(JSON.stringify(event)).not.toContain(row?.hash);
  expect(JSON.stringify(event)).not.toContain(key);
});

test('a change leaves alone what it does not name, and null lifts what it does', async () => {
  const { users } = office.space;
  await users.create(CLI, { name: 'ann' });
  const given = { ...RESTRICTED, user: 'ann', expiresInDays: 1 };
  const { virtualKey } = await keys.create(CLI, given);
  await keys.update(CLI, virtualKey.id, { name: 'tablet', metadata: {} });
  expect(await rowOf(virtualKey.id)).toMatchObject({ ...RESTRICTED, name: 'tablet', metadata: {} });
  const none = {
    user: null,
    allowedModels: null,
    allowedEndpoints: null,
    sourceNetworks: null,
    rpmLimit: null,
    tpmLimit: null,
    concurrencyLimit: null,
    expiresInDays: null,
  };
  await keys.update(CLI, virtualKey.id, none);
  const { user: _user, expiresInDays: _days, ...lifted } = none;
  const row = await rowOf(virtualKey.id);
  expect(row).toMatchObject({ ...lifted, userId: null, expiresAt: null, name: 'tablet' });
  const [first, second] = await told('virtual_key.updated');
  expect(first).toMatchObject({
    before: { name: 'phone' },
    after: { name: 'tablet', rpmLimit: 60 },
  });
  expect(second).toMatchObject({ before: { rpmLimit: 60 }, after: lifted });
});

test('owners and pools that are not there are named together, and nothing is made', async () => {
  const wrong = { name: 'x', pool: 'p', user: 'u', team: 't' };
  await expect(keys.create(CLI, wrong)).rejects.toMatchObject({
    code: 'not_found',
    message: 'There is no pool called p. There is no user called u. There is no team called t.',
  });
  expect(await keys.list(CLI)).toEqual([]);
});

test('every mistake of an input is named at once', async () => {
  const wrong = {
    name: ' ',
    rpmLimit: 0,
    tpmLimit: 1.5,
    concurrencyLimit: -1,
    allowedModels: [],
    allowedEndpoints: ['chat.complet'],
    sourceNetworks: ['10.0.0.0/33', 'localhost'],
    metadata: { big: 'x'.repeat(20_000) },
    colour: 'red',
  };
  const failure = await keys.create(CLI, wrong as object as { name: string }).catch(String);
  for (const part of [
    'name: ',
    'rpmLimit: ',
    'tpmLimit: ',
    'concurrencyLimit: ',
    'allowedModels: ',
    'allowedEndpoints.0: no endpoint is called chat.complet; known: audio.speech, ',
    'sourceNetworks.0: "10.0.0.0/33" is neither an address nor a network in CIDR',
    'sourceNetworks.1: "localhost" is neither',
    'metadata: must not have more than 16384 characters as JSON',
    '"colour"',
  ]) {
    expect(failure).toContain(part);
  }
});

describe('where a key may be used from', () => {
  test.each(['0.0.0.0/0', '10.1.2.3/32', '::/0', 'fe80::/128', '2001:DB8::1'])(
    '%s is a network',
    async (network) => {
      const { virtualKey } = await keys.create(CLI, { name: 'x', sourceNetworks: [network] });
      expect(virtualKey.sourceNetworks).toEqual([network]);
    },
  );

  test.each([
    '',
    '10.0.0',
    '010.0.0.1',
    '10.0.0.0/',
    '10.0.0.0/08',
    '10.0.0.0/-1',
    '10.0.0.0/8/8',
    '::/129',
    'fe80::1%eth0',
    // Would match nobody: such callers are judged by their IPv4 address.
    '::ffff:10.0.0.1',
    '0:0:0:0:0:FFFF:a00:1/104',
  ])('"%s" is none', async (network) => {
    await expect(keys.create(CLI, { name: 'x', sourceNetworks: [network] })).rejects.toThrow(
      'is neither an address nor a network in CIDR',
    );
  });
});

describe('a rotated key', () => {
  test('keeps its id and gets another secret; the old one is forgotten at once', async () => {
    const { hasher } = office.space;
    const { key: old, virtualKey } = await keys.create(CLI, RESTRICTED);
    const { key, virtualKey: rotated } = await keys.rotate(CLI, virtualKey.id.slice(0, -2));
    expect(key).not.toBe(old);
    expect(rotated).toMatchObject({ id: virtualKey.id, ...RESTRICTED });
    const row = await rowOf(virtualKey.id);
    expect(row?.hash).toBe(hasher.hash(key));
    expect(row).toMatchObject({ previousHash: null, previousUntil: null });
    expect(row?.hint.slice(-4)).toBe(key.slice(-4));
  });

  test('has its old secret until the overlap ends, and only the latest old one', async () => {
    const { hasher } = office.space;
    const { key: first, virtualKey } = await keys.create(CLI, { name: 'x' });
    const startMs = office.clock.now();
    const { key: second } = await keys.rotate(CLI, virtualKey.id, { overlapMs: 24 * HOUR_MS });
    const row = await rowOf(virtualKey.id);
    expect(row?.previousHash).toBe(hasher.hash(first));
    const untilMs = row?.previousUntil?.getTime() ?? 0;
    expect(untilMs).toBeGreaterThanOrEqual(startMs + 24 * HOUR_MS);
    expect(untilMs).toBeLessThanOrEqual(office.clock.now() + 24 * HOUR_MS);
    await keys.rotate(CLI, virtualKey.id, { overlapMs: HOUR_MS });
    expect((await rowOf(virtualKey.id))?.previousHash).toBe(hasher.hash(second));
    const events = await told('virtual_key.rotated');
    expect(events[0]).toMatchObject({
      before: { hint: virtualKey.hint, previousUntil: null },
      after: { previousUntil: new Date(untilMs).toISOString() },
    });
    const text = JSON.stringify(events);
    for (const secret of [first, second]) {
      expect(text).not.toContain(secret);
      expect(text).not.toContain(hasher.hash(secret));
    }
  });

  test('under parallel rotations has the last secret shown, and the one before it', async () => {
    const { hasher } = office.space;
    const { virtualKey } = await keys.create(CLI, { name: 'x' });
    const shown = await Promise.all(
      Array.from({ length: 20 }, () => keys.rotate(CLI, virtualKey.id, { overlapMs: HOUR_MS })),
    );
    const hashes = new Set(shown.map(({ key }) => hasher.hash(key)));
    const row = await rowOf(virtualKey.id);
    expect(hashes.has(row?.hash ?? '')).toBe(true);
    expect(hashes.has(row?.previousHash ?? '')).toBe(true);
    expect(row?.hash).not.toBe(row?.previousHash);
    expect(await told('virtual_key.rotated')).toHaveLength(20);
  });

  test('is asked for an overlap that makes sense', async () => {
    const { virtualKey } = await keys.create(CLI, { name: 'x' });
    await expect(keys.rotate(CLI, virtualKey.id, { overlapMs: 0 })).rejects.toThrow('overlapMs: ');
  });
});

describe('a deleted key', () => {
  test('leaves a tombstone that no secret opens, with its name and history', async () => {
    const { hasher } = office.space;
    const { key, virtualKey } = await keys.create(CLI, RESTRICTED);
    await keys.rotate(CLI, virtualKey.id, { overlapMs: HOUR_MS });
    await keys.remove(CLI, virtualKey.id);
    const row = await rowOf(virtualKey.id);
    expect(row).toMatchObject({
      name: 'phone',
      isActive: false,
      previousHash: null,
      previousUntil: null,
      hash: expect.stringMatching(new RegExp(`^deleted:${virtualKey.id}:`)),
    });
    expect(row === undefined ? '' : statusOf(row, office.clock.now())).toBe('deleted');
    const [event] = await told('virtual_key.deleted');
    expect(event).toMatchObject({ before: { isActive: true }, after: { isActive: false } });
    expect(JSON.stringify(event)).not.toContain(hasher.hash(key));
  });

  test('can neither be changed nor rotated nor deleted again', async () => {
    const { virtualKey } = await keys.create(CLI, { name: 'x' });
    const { id } = virtualKey;
    await keys.remove(CLI, id);
    const attempts = [
      keys.update(CLI, id, { isActive: true }),
      keys.rotate(CLI, id),
      keys.remove(CLI, id),
    ];
    for (const attempt of attempts) {
      await expect(attempt).rejects.toMatchObject({
        code: 'not_found',
        message: `Key not found: ${id}`,
      });
    }
  });

  test('leaves the start of its id to others', async () => {
    const made = [await keys.create(CLI, { name: 'a' }), await keys.create(CLI, { name: 'b' })].map(
      ({ virtualKey }) => virtualKey.id,
    );
    const [first = '', second = ''] = made;
    let shared = 0;
    while (first[shared] === second[shared]) shared += 1;
    const start = first.slice(0, shared);
    await expect(keys.update(CLI, start, { name: 'c' })).rejects.toThrow('more than one key');
    await keys.remove(CLI, first);
    expect((await keys.update(CLI, start, { name: 'c' })).id).toBe(second);
  });
});
