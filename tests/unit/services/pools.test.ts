import { beforeEach, describe, expect, test } from '@jest/globals';
import { fileSchema } from '../../../src/config/file-schema.ts';
import { presetNames } from '../../../src/config/pool-presets.ts';
import { Budget } from '../../../src/entities/budget.ts';
import { Credential } from '../../../src/entities/credential.ts';
import { ADMIN, SYSTEM } from '../../../src/services/actor.ts';
import type { Actor } from '../../../src/services/actor.ts';
import { policyOf } from '../../../src/services/pool-policy-of.ts';
import type { PoolService } from '../../../src/services/pools.ts';
import { aCredential, openOffice } from './fixture.ts';
import type { Office } from './fixture.ts';

let office: Office;
let pools: PoolService;

beforeEach(async () => {
  office = await openOffice();
  ({ pools } = office.space);
  await office.configure([{ name: 'main', credentials: [aCredential('one')] }]);
});

const user = (userId: string): Actor => ({ name: `user:${userId}`, role: 'user', userId });

const add = (name: string, fields: object = {}) =>
  office.space.credentials.add(ADMIN, {
    pool: 'mine',
    name,
    provider: 'openai',
    secret: `sk-${name}`,
    ...fields,
  });

/** The policy that a file with these fields would lead to. */
const asInFile = (fields: object) =>
  fileSchema
    .parse({ pools: [{ name: 'x', credentials: [aCredential('a')], ...fields }] })
    .pools.map((pool) => policyOf(pool))[0];

describe('a pool that is made', () => {
  test.each(presetNames)('has what the preset %s says', async (preset) => {
    const made = await pools.create(ADMIN, { name: 'mine', preset });
    expect(made.policy).toEqual(asInFile({ preset }));
    expect(made).toMatchObject({ name: 'mine', source: 'operator', userId: null });
  });

  test('has what is given besides, as the file spells it', async () => {
    const policy = { attempts_max: 2, timeouts: { idle_ms: 5 }, bans: null, heartbeat: '15s' };
    const made = await pools.create(ADMIN, { name: 'mine', strategy: 'weighted', policy });
    expect(made.strategy).toBe('weighted');
    expect(made.policy).toEqual(asInFile(policy));
    expect(await office.events('pool.created')).toMatchObject([
      { subject: made.id, actor: 'admin', after: { name: 'mine', strategy: 'weighted' } },
    ]);
  });

  test('outlives every start, whatever the file says', async () => {
    const made = await pools.create(ADMIN, { name: 'mine', policy: { attempts_max: 2 } });
    const credential = await add('own');
    await office.configure([{ name: 'other', credentials: [aCredential('one')] }]);
    expect(await pools.get(ADMIN, 'mine')).toMatchObject({ id: made.id, policy: made.policy });
    expect(await office.space.credentials.get(ADMIN, credential.id)).toMatchObject({
      isEnabled: true,
      source: 'operator',
    });
  });

  test('whose name the file claims follows the file from then on', async () => {
    const made = await pools.create(ADMIN, { name: 'mine', policy: { attempts_max: 2 } });
    await add('own');
    await office.configure([{ name: 'mine', credentials: [aCredential('own')] }]);
    expect(await pools.get(ADMIN, 'mine')).toMatchObject({ id: made.id, source: 'config' });
    const [listed] = await office.space.credentials.list(ADMIN, { pool: 'mine' });
    expect(listed?.credential).toMatchObject({ name: 'own', source: 'config' });
  });
});

describe('nonsense is refused with every mistake', () => {
  test.each<[string, object, RegExp]>([
    ['no name', { name: 'Not One' }, /^name: /],
    ['an unknown strategy', { strategy: 'lucky' }, /^strategy: there is no "lucky"/],
    ['unknown fields', { policy: { attempts: 2 } }, /policy: .*attempts/],
    [
      'values that do not fit',
      { policy: { attempts_max: 0, bans: {} } },
      /policy\.attempts_max: .*; policy\.bans: /,
    ],
    [
      'what is said elsewhere',
      { policy: { name: 'x', credentials: [] } },
      /policy\.name: .*policy\.credentials: /,
    ],
    [
      'rules for nobody',
      { policy: { models: [{ name: 'm', credentials: ['x'] }] } },
      /^policy\.models\[0\]\.credentials: the pool has no "x"/,
    ],
  ])('%s', async (_name, fields, message) => {
    const refused = pools.create(ADMIN, { name: 'mine', ...fields });
    await expect(refused).rejects.toThrow(message);
    await expect(refused).rejects.toMatchObject({ code: 'invalid_request' });
    expect(await pools.list(ADMIN)).toHaveLength(1);
  });

  test('a name that is taken', async () => {
    await expect(pools.create(ADMIN, { name: 'main' })).rejects.toMatchObject({
      code: 'conflict',
      param: 'name',
    });
  });
});

describe('a change', () => {
  const FIRST = {
    attempts_max: 5,
    min_credit: '2.5',
    timeouts: { idle_ms: 5, total_ms: 9 },
    models: [{ name: '*', rpm: 7 }],
    bans: null,
    unauthorized: 'ignore',
  };

  beforeEach(async () => {
    await pools.create(ADMIN, { name: 'mine', strategy: 'weighted', policy: FIRST });
  });

  test.each<[object, object]>([
    [{ attempts_max: 2 }, { ...FIRST, attempts_max: 2 }],
    [{ timeouts: { idle_ms: 6 } }, { ...FIRST, timeouts: { idle_ms: 6 } }],
    [{ bans: { error_codes: [500] } }, { ...FIRST, bans: { error_codes: [500] } }],
    [{ ejection: { failures: 2 } }, { ...FIRST, ejection: { failures: 2 } }],
    [{ confirmed_ban: { duration: '2m' } }, { ...FIRST, confirmed_ban: { duration: '2m' } }],
    [
      { rate_limited: { scope: 'credential' } },
      { ...FIRST, rate_limited: { scope: 'credential' } },
    ],
    [
      { passthrough: true, unpriced: 'refuse' },
      { ...FIRST, passthrough: true, unpriced: 'refuse' },
    ],
    [
      { heartbeat: 99, discover_models: false },
      { ...FIRST, heartbeat: 99, discover_models: false },
    ],
    [
      { min_credit: 1, caller_credentials: true },
      { ...FIRST, min_credit: 1, caller_credentials: true },
    ],
    [{ models: [] }, { ...FIRST, models: [] }],
    [{ unauthorized: 'probe' }, { ...FIRST, unauthorized: 'probe' }],
    [{}, FIRST],
  ])('of %j replaces that and nothing else', async (policy, whole) => {
    const changed = await pools.update(ADMIN, 'mine', { policy: { ...policy } });
    expect(changed.policy).toEqual(asInFile(whole));
    expect(changed.strategy).toBe('weighted');
  });

  test('to a preset replaces all', async () => {
    const changed = await pools.update(ADMIN, 'mine', { preset: 'auto-router', name: 'router' });
    expect(changed.policy).toEqual(asInFile({ preset: 'auto-router' }));
    expect(changed).toMatchObject({ name: 'router', strategy: 'round_robin' });
    const [event] = await office.events('pool.updated');
    expect(event).toMatchObject({ before: { name: 'mine' }, after: { name: 'router' } });
  });

  test('is judged with the credentials that are there', async () => {
    await add('own');
    await expect(pools.update(ADMIN, 'mine', { strategy: 'balance_weighted' })).rejects.toThrow(
      'credentials[0].provider: openai tells no balance',
    );
    const models = [{ name: 'm', credentials: ['own'] }];
    const changed = await pools.update(ADMIN, 'mine', { policy: { models } });
    expect(changed.policy.models).toHaveLength(1);
  });

  test('of one that follows the configuration is made there', async () => {
    for (const refused of [pools.update(ADMIN, 'main', {}), pools.remove(ADMIN, 'main')]) {
      await expect(refused).rejects.toMatchObject({
        code: 'conflict',
        message: expect.stringContaining('change tollgate.yaml'),
      });
    }
  });
});

describe('a deleted pool', () => {
  test('takes its credentials and budgets along', async () => {
    const { id } = await pools.create(ADMIN, { name: 'mine' });
    const own = await add('own');
    await office.space.bans.ban(ADMIN, { credential: own.id });
    await office.space.budgets.set(ADMIN, { scope: 'pool', subject: 'mine', cap: '5' });
    expect(await pools.remove(ADMIN, 'mine')).toMatchObject({ id, name: 'mine' });
    const em = office.space.orm.em.fork();
    expect(await em.findOne(Credential, { id: own.id })).toMatchObject({
      isEnabled: false,
      deletedAt: expect.any(Date),
    });
    expect(await em.count(Budget, {})).toBe(0);
    const types = (await office.events('')).map(({ type }) => type).slice(-4);
    expect(types).toEqual([
      'credential_ban.lifted',
      'credential.removed',
      'budget.removed',
      'pool.removed',
    ]);
    await expect(pools.get(ADMIN, id)).rejects.toMatchObject({ code: 'not_found' });
    await pools.create(ADMIN, { name: 'mine' });
  });

  test('is none while keys call it', async () => {
    await pools.create(ADMIN, { name: 'mine' });
    const { virtualKey } = await office.space.keys.create(SYSTEM, { name: 'k', pool: 'mine' });
    await expect(pools.remove(ADMIN, 'mine')).rejects.toMatchObject({
      code: 'conflict',
      message: '1 virtual key(s) still call the pool mine: delete them first.',
    });
    await office.space.keys.remove(SYSTEM, virtualKey.id);
    await pools.remove(ADMIN, 'mine');
  });
});

const addAs = (actor: Actor, name: string, more: object = {}) =>
  office.space.credentials.add(actor, { name, provider: 'openai', secret: 'sk-x', ...more });

describe('a user', () => {
  const ANN = user('0190b7a2-0000-7000-8000-000000000001');
  const BEN = user('0190b7a2-0000-7000-8000-000000000002');

  test('has a pool of their own with the first credential, and one only', async () => {
    expect(await pools.list(ANN)).toEqual([]);
    await Promise.all(['a', 'b', 'c'].map((name) => addAs(ANN, name)));
    const [own, ...others] = await pools.list(ANN);
    expect(others).toEqual([]);
    expect(own).toMatchObject({
      name: `user-${ANN.userId}`,
      userId: ANN.userId,
      source: 'operator',
      policy: asInFile({ preset: 'model-gateway' }),
    });
    expect(await office.space.credentials.list(ANN)).toHaveLength(3);
    await office.configure([{ name: 'main', credentials: [aCredential('one')] }]);
    expect(await office.space.credentials.list(ANN)).toHaveLength(3);
  });

  test('sees and changes nothing of anybody else', async () => {
    const { id } = await addAs(ANN, 'a');
    const [own] = await pools.list(ANN);
    const { credentials } = office.space;
    expect(await pools.list(BEN)).toEqual([]);
    expect(await credentials.list(BEN)).toEqual([]);
    const tries = [
      pools.get(BEN, own?.id ?? ''),
      pools.get(BEN, 'main'),
      credentials.list(BEN, { pool: 'main' }),
      credentials.get(BEN, id),
      credentials.get(BEN, 'main/one'),
      credentials.update(BEN, id, { weight: 2 }),
      credentials.disable(BEN, id),
      credentials.enable(BEN, id),
      credentials.select(BEN, { credential: id }),
      credentials.remove(BEN, 'one'),
      addAs(BEN, 'x', { pool: 'main' }),
      addAs(BEN, 'x', { pool: own?.id }),
    ];
    for (const refused of await Promise.allSettled(tries)) {
      expect(refused).toMatchObject({ status: 'rejected', reason: { code: 'not_found' } });
    }
    expect((await credentials.list(ANN)).map(({ credential }) => credential.weight)).toEqual([1]);
  });

  test('does with their own as they like, but says not where it is sent', async () => {
    const { id } = await addAs(ANN, 'a');
    const { credentials } = office.space;
    await credentials.update(ANN, id, { weight: 2 });
    await credentials.select(ANN, { credential: 'a' });
    await credentials.disable(ANN, 'a');
    await credentials.remove(ANN, id);
    const baseUrl = 'http://127.0.0.1:1/v1';
    for (const refused of [
      addAs(ANN, 'b', { baseUrl }),
      credentials.update(ANN, id, { baseUrl, secret: 'sk-x' }),
      pools.create(ANN, { name: 'x' }),
      pools.remove(ANN, 'main'),
      office.space.imports.run(ANN, { pool: 'main', format: 'json', text: '[]' }),
    ]) {
      await expect(refused).rejects.toMatchObject({ code: 'permission_denied' });
    }
  });
});

test('a viewer changes nothing', async () => {
  const viewer: Actor = { name: 'token:v', role: 'viewer', userId: null };
  const { credentials } = office.space;
  expect(await credentials.list(viewer)).toHaveLength(1);
  for (const refused of [
    credentials.add(viewer, { pool: 'main', name: 'x', provider: 'openai', secret: 'sk' }),
    credentials.disable(viewer, 'one'),
    credentials.select(viewer, { credential: 'one' }),
  ]) {
    await expect(refused).rejects.toMatchObject({ code: 'permission_denied' });
  }
});
