import { beforeEach, describe, expect, test } from '@jest/globals';
import { mintVirtualKey } from '../../../src/lib/virtual-key-format.ts';
import { CLI } from '../../../src/services/actor.ts';
import { KEY_REFUSALS } from '../../../src/services/key-check.ts';
import { openKeyOffice, VIEWER } from './key-office.ts';
import type { KeyOffice } from './key-office.ts';

let office: KeyOffice;

const user = (userId: string) => ({ name: `user:${userId}`, role: 'user', userId }) as const;

beforeEach(async () => {
  office = await openKeyOffice();
});

const refusalOf = (input: Parameters<KeyOffice['checks']['check']>[1]) =>
  office.checks.check(VIEWER, input).refusal;

test('the words are those of the gateway before', () => {
  expect(Object.values(KEY_REFUSALS)).toEqual([
    'Invalid key format',
    'Invalid key prefix',
    'Key not found',
    'Key is inactive',
    'Key has expired',
    'Source address not allowed',
    'Endpoint not allowed',
    'Model not allowed',
    'Budget exceeded',
    'Rate limit exceeded',
  ]);
});

test.each([
  ['', 'invalid_format'],
  ['nothing like a key', 'invalid_format'],
  ['Bearer sk-tg-x', 'invalid_format'],
  ['sk-tg-', 'invalid_format'],
  [`sk-tg-${'0'.repeat(49)}`, 'invalid_format'],
  ['pk-unknown', 'invalid_prefix'],
  ['sk-unknown', 'invalid_prefix'],
  ['sk-lb-unknown', 'not_found'],
  ['hp_unknown', 'not_found'],
])('the secret %p is told as %s', (secret, refusal) => {
  expect(refusalOf({ key: { secret } })).toBe(refusal);
});

test('a secret longer than any is not even looked for', () => {
  const secret = `sk-mp-${'x'.repeat(506)}`;
  expect(refusalOf({ key: { secret } })).toBe('not_found');
  expect(refusalOf({ key: { secret: `${secret}x` } })).toBe('invalid_format');
});

test('of what is not found nothing is told', () => {
  const known = office.checks.check(VIEWER, { key: { secret: mintVirtualKey() } });
  const nothing = { key: null, limits: [], budgets: [], remainingNano: null, retryAfterMs: null };
  expect(known).toEqual({ refusal: 'not_found', ...nothing });
  expect(refusalOf({ key: { id: 'no-id' } })).toBe('not_found');
});

test('of all that is wrong with a key the first is told, whatever else is', async () => {
  const { clock, limits, space } = office;
  const team = await space.teams.create(CLI, { name: 'research' });
  const { secret, id } = await office.make({
    team: team.id,
    expiresInDays: 1,
    rpmLimit: 1,
    allowedModels: ['gpt-4o'],
    allowedEndpoints: ['chat.*'],
    sourceNetworks: ['10.0.0.0/8'],
  });
  const budget = office.put({ scope: 'key', subjectId: id, capNano: 0n });
  await space.teams.update(CLI, 'research', { isEnabled: false });
  await space.keys.disable(CLI, id);
  clock.advance(86_400_000);
  limits.take(office.keys.byId(id)!.limits, 0, clock.monotonic());
  const asked = {
    key: { secret },
    model: 'claude',
    endpoint: 'embeddings',
    source_address: '192.168.0.1',
  };
  expect(refusalOf(asked)).toBe('inactive');
  await space.keys.enable(CLI, id);
  expect(refusalOf(asked)).toBe('inactive');
  await space.teams.update(CLI, 'research', { isEnabled: true });
  expect(refusalOf(asked)).toBe('expired');
  await space.keys.update(CLI, id, { expiresInDays: null });
  expect(refusalOf(asked)).toBe('address_not_allowed');
  asked.source_address = '::ffff:10.1.2.3';
  expect(refusalOf(asked)).toBe('endpoint_not_allowed');
  asked.endpoint = 'chat.completions';
  expect(refusalOf(asked)).toBe('model_not_allowed');
  asked.model = 'gpt-4o';
  expect(refusalOf(asked)).toBe('budget_exceeded');
  office.budgets.remove(budget);
  expect(refusalOf(asked)).toBe('rate_limit_exceeded');
  clock.advance(60_000);
  expect(refusalOf(asked)).toBeNull();
});

test('what was not said is not judged', async () => {
  const scope = { allowedModels: ['a'], allowedEndpoints: ['chat.*'], sourceNetworks: ['::1'] };
  const { secret } = await office.make(scope);
  expect(refusalOf({ key: { secret } })).toBeNull();
});

test('a key of certain models may not be used for what nobody knows the models of', async () => {
  const some = await office.make({ allowedModels: ['*'] });
  const all = await office.make();
  expect(refusalOf({ key: { id: some.id }, endpoint: 'batches.create' })).toBe(
    'endpoint_not_allowed',
  );
  expect(refusalOf({ key: { id: all.id }, endpoint: 'batches.create' })).toBeNull();
});

test('a deleted key is found by its id alone, and is inactive', async () => {
  const { secret, id } = await office.make();
  await office.space.keys.remove(CLI, id);
  expect(refusalOf({ key: { secret } })).toBe('not_found');
  const judged = office.checks.check(VIEWER, { key: { id } });
  expect(judged).toMatchObject({ refusal: 'inactive', key: { status: 'deleted' } });
});

test('the secret before a rotation is good until its overlap ends', async () => {
  const { secret, id } = await office.make();
  const { key } = await office.space.keys.rotate(CLI, id, { overlapMs: 5000 });
  const judged = office.checks.check(VIEWER, { key: { secret } });
  const endMs = judged.key?.key.expiresAt?.getTime() ?? 0;
  expect(endMs).toBeGreaterThan(0);
  office.clock.advance(5000);
  expect(refusalOf({ key: { secret } })).toBe('expired');
  expect(office.checks.check(VIEWER, { key: { secret: key } })).toMatchObject({
    refusal: null,
    key: { key: { id, expiresAt: null } },
  });
});

describe('money', () => {
  test('what it will cost is judged to the nano-dollar, and no estimate as the least', async () => {
    const { id } = await office.make();
    office.put({ scope: 'key', subjectId: id, capNano: 100n, settledNano: 60n });
    const key = { id };
    expect(refusalOf({ key, estimate_nano_usd: 40n })).toBeNull();
    expect(refusalOf({ key, estimate_nano_usd: '41' })).toBe('budget_exceeded');
    const subjects = { key: id, team: null, user: null, pool: office.keys.byId(id)!.poolId };
    const nowMs = office.clock.now();
    const held = { id: 'call', subjects, amountNano: 40n, sinceMs: nowMs };
    office.budgets.hold(office.budgets.find(subjects), held);
    expect(refusalOf({ key })).toBe('budget_exceeded');
    expect(refusalOf({ key, estimate_nano_usd: 0n })).toBeNull();
  });

  test('all budgets that bind are told with the least that is left', async () => {
    const { space } = office;
    const ann = await space.users.create(CLI, { name: 'ann' });
    const { id } = await office.make({ user: 'ann' });
    const pool = office.keys.byId(id)!.poolId;
    const hard = office.put({ scope: 'user', subjectId: ann.id, capNano: 90n, settledNano: 30n });
    const soft = office.put({ scope: 'pool', subjectId: pool, capNano: 20n, isHard: false });
    office.put({ scope: 'key', subjectId: id, capNano: 1n, isEnabled: false });
    const judged = office.checks.check(VIEWER, { key: { id }, estimate_nano_usd: 61n });
    expect(judged.refusal).toBe('budget_exceeded');
    expect(judged.remainingNano).toBe(60n);
    expect(judged.budgets.map((one) => [one.id, one.remainingNano, one.isHard])).toEqual(
      expect.arrayContaining([
        [hard, 60n, true],
        [soft, 20n, false],
      ]),
    );
    expect(judged.budgets).toHaveLength(2);
    expect(refusalOf({ key: { id }, estimate_nano_usd: 60n })).toBeNull();
  });
});

describe('limits', () => {
  test('those of the key and of its team are judged and told, with the time to wait', async () => {
    const { clock, space } = office;
    const team = await space.teams.create(CLI, { name: 'research', tpmLimit: 100 });
    const { id } = await office.make({ team: 'research', rpmLimit: 5 });
    office.limits.take(office.keys.byId(id)!.limits, 70, clock.monotonic());
    const key = { id };
    expect(refusalOf({ key, estimate_tokens: 30 })).toBeNull();
    const judged = office.checks.check(VIEWER, { key, estimate_tokens: '31' });
    expect(judged.refusal).toBe('rate_limit_exceeded');
    expect(judged.retryAfterMs).toBeGreaterThan(59_000);
    expect(judged.retryAfterMs).toBeLessThanOrEqual(60_000);
    expect(judged.limits).toMatchObject([
      { scope: 'key', subjectId: id, kind: 'requests', limit: 5, used: 1, remaining: 4 },
      { scope: 'team', subjectId: team.id, kind: 'tokens', limit: 100, used: 70, remaining: 30 },
    ]);
  });

  test('asking a thousand times takes nothing', async () => {
    const { id } = await office.make({ rpmLimit: 3, tpmLimit: 50, concurrencyLimit: 1 });
    office.put({ scope: 'key', subjectId: id, capNano: 100n });
    const asked = { key: { id }, estimate_tokens: 50, estimate_nano_usd: 100n };
    const first = office.checks.check(VIEWER, asked);
    expect(first.refusal).toBeNull();
    for (let nth = 0; nth < 1000; nth += 1) expect(refusalOf(asked)).toBeNull();
    const untimed = ({ limits }: typeof first) =>
      limits.map(({ used, remaining }) => [used, remaining]);
    const last = office.checks.check(VIEWER, asked);
    expect(untimed(last)).toEqual(untimed(first));
    expect(last.remainingNano).toBe(100n);
  });
});

describe('questions', () => {
  test('many are answered in their order', async () => {
    const one = await office.make();
    const two = await office.make();
    const keys = [{ id: two.id }, { secret: 'what' }, { secret: one.secret }, { id: two.id }];
    const judged = office.checks.checkAll(VIEWER, { requests: keys.map((key) => ({ key })) });
    expect(judged.map(({ key }) => key?.key.id)).toEqual([two.id, undefined, one.id, two.id]);
  });

  test('all that is wrong with them is told, by the names of the contract', () => {
    const asked = {
      key: {},
      source_address: 'here',
      estimate_nano_usd: '-1',
      estimate_tokens: '1.5',
    };
    const requests = [{ key: { id: 'x' } }, asked];
    expect(() => office.checks.checkAll(VIEWER, { requests })).toThrow(
      [
        'requests.1.key: give secret or id, exactly one of both',
        'requests.1.source_address: must be an IP address',
        'requests.1.estimate_nano_usd: must be a whole number from 0 to 10000000000000000',
        'requests.1.estimate_tokens: must be a whole number from 0 to 1000000000',
      ].join('; '),
    );
    expect(() => office.checks.check(VIEWER, { key: { id: 'x', secret: 'y' } })).toThrow(
      'key: give secret or id, exactly one of both',
    );
  });

  test.each([0, 101])('%d at once are refused', (length) => {
    const requests = Array.from({ length }, () => ({ key: { id: 'x' } }));
    expect(() => office.checks.checkAll(VIEWER, { requests })).toThrow(/^requests: must /);
  });
});

describe('a key as it is', () => {
  test('is found by secret and by id, and by nobody whose it is not', async () => {
    const ann = await office.space.users.create(CLI, { name: 'ann' });
    const { secret, id } = await office.make({ user: 'ann' });
    expect(office.checks.get(VIEWER, { key: { secret } }).key.id).toBe(id);
    expect(office.checks.get(user(ann.id), { key: { id } }).status).toBe('active');
    expect(() => office.checks.get(user('bob'), { key: { id } })).toThrow('Key not found');
    expect(() => office.checks.get(VIEWER, { key: { id: 'x' } })).toThrow('Key not found');
  });

  test('judging needs a viewer', () => {
    expect(() => office.checks.check(user('x'), { key: { id: 'x' } })).toThrow(/role viewer/);
  });
});
