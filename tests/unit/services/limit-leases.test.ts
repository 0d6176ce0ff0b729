import { beforeEach, describe, expect, test } from '@jest/globals';
import { CLI } from '../../../src/services/actor.ts';
import type { LimitLeases } from '../../../src/services/limit-leases.ts';
import { OPERATOR, openKeyOffice, VIEWER } from './key-office.ts';
import type { KeyOffice } from './key-office.ts';

let office: KeyOffice;
let leases: LimitLeases;

beforeEach(async () => {
  office = await openKeyOffice();
  leases = office.leases();
});

const used = (id: string) =>
  Object.fromEntries(
    leases.windows(VIEWER, { key: { id } }).map((one) => [`${one.scope} ${one.kind}`, one.used]),
  );

/** As a matcher calls it. */
const take = (id: string) => () => leases.take(OPERATOR, { key: { id } });

test('two hundred at once take what there is, and not one more', async () => {
  const { id } = await office.make({ rpmLimit: 7 });
  const taken = Array.from({ length: 200 }, async () => leases.take(OPERATOR, { key: { id } }));
  const settled = await Promise.allSettled(taken);
  expect(settled.filter(({ status }) => status === 'fulfilled')).toHaveLength(7);
  expect(used(id)).toEqual({ 'key requests': 7 });
  expect(leases.size).toBe(7);
});

test('what one of key and team has no room for is taken from neither', async () => {
  await office.space.teams.create(CLI, { name: 'research', tpmLimit: 100 });
  const { id } = await office.make({ team: 'research', rpmLimit: 10, concurrencyLimit: 10 });
  leases.take(OPERATOR, { key: { id }, tokens: 60 });
  const before = used(id);
  expect(before).toEqual({ 'key requests': 1, 'key concurrency': 1, 'team tokens': 60 });
  const refused = () => leases.take(OPERATOR, { key: { id }, tokens: 41 });
  expect(refused).toThrow(
    /^Rate limit exceeded. Limit: 100 tokens\/minute for this team: 60 used, 41 needed/,
  );
  expect(used(id)).toEqual(before);
  try {
    refused();
  } catch (error) {
    expect(error).toMatchObject({ code: 'rate_limit_exceeded' });
    expect((error as { retryAfterMs: number }).retryAfterMs).toBeGreaterThan(59_000);
  }
  leases.take(OPERATOR, { key: { id }, tokens: 40 });
});

test('the tokens really used take the place of those taken, and the place is free', async () => {
  const { id } = await office.make({ tpmLimit: 100, concurrencyLimit: 1 });
  const { leaseId, limits } = leases.take(OPERATOR, { key: { id }, tokens: 90 });
  expect(limits.map(({ remaining }) => remaining)).toEqual([10, 0]);
  expect(leases.settle(OPERATOR, { lease_id: leaseId, tokens: 20 })).toBe(true);
  expect(used(id)).toEqual({ 'key tokens': 20, 'key concurrency': 0 });
  expect(leases.settle(OPERATOR, { lease_id: leaseId, tokens: 5 })).toBe(false);
  expect(used(id)).toEqual({ 'key tokens': 20, 'key concurrency': 0 });
  expect(leases.settle(OPERATOR, { lease_id: 'never' })).toBe(false);
});

test('one that is settled without a count stays at what was taken', async () => {
  const { id } = await office.make({ tpmLimit: 100, concurrencyLimit: 1 });
  const { leaseId } = leases.take(OPERATOR, { key: { id }, tokens: 90 });
  expect(leases.settle(OPERATOR, { lease_id: leaseId })).toBe(true);
  expect(used(id)).toEqual({ 'key tokens': 90, 'key concurrency': 0 });
});

describe('a lease that nobody settles', () => {
  test('frees its place when its time is over, and nothing else', async () => {
    const { id } = await office.make({ rpmLimit: 5, tpmLimit: 100, concurrencyLimit: 1 });
    const asked = { key: { id }, tokens: 30, expires_in: { seconds: '30', nanos: 0 } };
    const { leaseId } = leases.take(OPERATOR, asked);
    office.clock.advance(29_000);
    expect(used(id)['key concurrency']).toBe(1);
    office.clock.advance(1000);
    expect(used(id)).toEqual({ 'key requests': 1, 'key tokens': 30, 'key concurrency': 0 });
    expect(leases.size).toBe(0);
    expect(leases.settle(OPERATOR, { lease_id: leaseId, tokens: 1 })).toBe(false);
    expect(used(id)['key tokens']).toBe(30);
    leases.take(OPERATOR, asked);
  });

  test('has ten minutes unless it is said', async () => {
    const { id } = await office.make({ concurrencyLimit: 1 });
    leases.take(OPERATOR, { key: { id } });
    office.clock.advance(599_000);
    expect(leases.size).toBe(1);
    office.clock.advance(1000);
    expect(leases.size).toBe(0);
  });
});

describe('an id of the caller', () => {
  test('takes once while its lease is open, however it is sent', async () => {
    const { id, secret } = await office.make({ rpmLimit: 5 });
    const first = leases.take(OPERATOR, { key: { id }, idempotency_id: 'a' });
    const again = leases.take(OPERATOR, { key: { secret }, idempotency_id: 'a' });
    expect(again).toMatchObject({ leaseId: first.leaseId, isRepeat: true });
    expect(first.isRepeat).toBe(false);
    expect(used(id)).toEqual({ 'key requests': 1 });
    leases.settle(OPERATOR, { lease_id: first.leaseId });
    expect(leases.take(OPERATOR, { key: { id }, idempotency_id: 'a' }).isRepeat).toBe(false);
    expect(used(id)).toEqual({ 'key requests': 2 });
  });

  test('is another of another key, and none when it is empty', async () => {
    const [one, two] = [await office.make({ rpmLimit: 5 }), await office.make({ rpmLimit: 5 })];
    leases.take(OPERATOR, { key: { id: one.id }, idempotency_id: 'a' });
    leases.take(OPERATOR, { key: { id: two.id }, idempotency_id: 'a' });
    leases.take(OPERATOR, { key: { id: two.id }, idempotency_id: '' });
    leases.take(OPERATOR, { key: { id: two.id }, idempotency_id: '' });
    expect([used(one.id), used(two.id)]).toEqual([{ 'key requests': 1 }, { 'key requests': 3 }]);
  });

  test('with other tokens is a conflict', async () => {
    const { id } = await office.make({ rpmLimit: 5 });
    leases.take(OPERATOR, { key: { id }, idempotency_id: 'a', tokens: 1 });
    expect(() => leases.take(OPERATOR, { key: { id }, idempotency_id: 'a', tokens: 2 })).toThrow(
      expect.objectContaining({ code: 'conflict', param: 'idempotency_id' }),
    );
  });
});

test('so many may be open, and another once one of them is not', async () => {
  const { id } = await office.make();
  const few = office.leases(2);
  const { leaseId } = few.take(OPERATOR, { key: { id } });
  few.take(OPERATOR, { key: { id } });
  expect(() => few.take(OPERATOR, { key: { id } })).toThrow(
    expect.objectContaining({ code: 'overloaded', retryAfterMs: 5000 }),
  );
  few.settle(OPERATOR, { lease_id: leaseId });
  few.take(OPERATOR, { key: { id } });
});

test('nothing is taken for a key that may not be used, or that is none', async () => {
  const { id } = await office.make({ rpmLimit: 5, expiresInDays: 1 });
  expect(take('x')).toThrow(expect.objectContaining({ code: 'not_found', param: 'key' }));
  await office.space.keys.disable(CLI, id);
  const inactive = { code: 'failed_precondition', message: 'Key is inactive' };
  expect(take(id)).toThrow(expect.objectContaining(inactive));
  await office.space.keys.enable(CLI, id);
  office.clock.advance(86_400_000);
  expect(take(id)).toThrow(expect.objectContaining({ message: 'Key has expired' }));
  expect(used(id)).toEqual({ 'key requests': 0 });
});

test('looking needs a viewer, taking an operator', async () => {
  const { id } = await office.make({ rpmLimit: 5 });
  expect(used(id)).toEqual({ 'key requests': 0 });
  expect(() => leases.take(VIEWER, { key: { id } })).toThrow(/role operator/);
  expect(() => leases.settle(VIEWER, { lease_id: 'x' })).toThrow(/role operator/);
});

test('all that is wrong is told', () => {
  expect(() =>
    leases.take(OPERATOR, {
      key: {},
      tokens: '1000000001',
      expires_in: { seconds: '3600', nanos: 1 },
      idempotency_id: 'x'.repeat(129),
    }),
  ).toThrow(
    [
      'key: give secret or id, exactly one of both',
      'tokens: must be a whole number from 0 to 1000000000',
      'expires_in: must be from 1 to 3600 seconds',
      'idempotency_id: must have at most 128 characters',
    ].join('; '),
  );
  expect(() => leases.settle(OPERATOR, { lease_id: '', tokens: '-1' })).toThrow(
    'lease_id: must not be empty; tokens: must be a whole number from 0 to 1000000000',
  );
});
