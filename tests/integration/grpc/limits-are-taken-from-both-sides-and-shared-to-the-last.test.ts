import { expect, test } from '@jest/globals';
import { CLI } from '../../../src/services/actor.ts';
import type { CreateKeyInput } from '../../../src/services/key-input.ts';
import { refusalFrom } from '../../support/grpc-client.ts';
import { until } from '../../support/patience.ts';
import { startKeyGateway } from './key-gateway.ts';
import type { KeyGateway } from './key-gateway.ts';

const make = async ({ space }: KeyGateway, input: Partial<CreateKeyInput>) => {
  const { key, virtualKey } = await space.keys.create(CLI, { name: 'limited', ...input });
  return { secret: key, id: virtualKey.id };
};

const used = async ({ client }: KeyGateway, id: string) => {
  const { limits } = await client.ask('LimitService', 'GetLimits', { key: { id } });
  return Object.fromEntries(limits.map((one) => [`${one.scope} ${one.kind}`, one.used]));
};

const take = ({ client }: KeyGateway, asked: object) =>
  client.ask('LimitService', 'TakeLimits', asked);

test('two hundred at once on seven a minute are seven', async () => {
  const gateway = await startKeyGateway();
  const { id } = await make(gateway, { rpmLimit: 7 });
  const all = await Promise.allSettled(
    Array.from({ length: 200 }, () => take(gateway, { key: { id } })),
  );
  expect(all.filter(({ status }) => status === 'fulfilled')).toHaveLength(7);
  const refusal = await refusalFrom(take(gateway, { key: { id } }));
  expect(refusal).toMatchObject({
    code: 'RESOURCE_EXHAUSTED',
    reason: 'tollgate/RATE_LIMIT_EXCEEDED',
  });
  expect(refusal.retryMs).toBeGreaterThan(0);
  expect(refusal.retryMs).toBeLessThanOrEqual(60_000);
  expect(await used(gateway, id)).toEqual({ 'SCOPE_KEY LIMIT_KIND_REQUESTS': '7' });
});

test('what one side has taken the other has not: together they pass no limit', async () => {
  const gateway = await startKeyGateway();
  await gateway.space.teams.create(CLI, { name: 'crew', rpmLimit: 9 });
  const { secret, id } = await make(gateway, { team: 'crew' });
  const call = async () => {
    const answer = await gateway.chat({}, { authorization: `Bearer ${secret}` });
    await answer.text();
    return answer.status === 200;
  };
  const lease = () =>
    take(gateway, { key: { id } }).then(
      () => true,
      () => false,
    );
  // Each side has its chance.
  expect([await call(), await lease()]).toEqual([true, true]);
  const more = Array.from({ length: 40 }, (_, nth) => (nth % 2 ? call() : lease()));
  expect((await Promise.all(more)).filter((isIn) => isIn)).toHaveLength(7);
  expect(await used(gateway, id)).toMatchObject({ 'SCOPE_TEAM LIMIT_KIND_REQUESTS': '9' });
});

test('a place taken here is none there, until the lease is settled or its time is over', async () => {
  const gateway = await startKeyGateway();
  const { secret, id } = await make(gateway, { concurrencyLimit: 1, tpmLimit: 100_000 });
  const call = async () => {
    const answer = await gateway.chat({}, { authorization: `Bearer ${secret}` });
    await answer.text();
    return answer.status;
  };
  const asked = { key: { id }, tokens: '100', expiresIn: { seconds: 30 }, idempotencyId: 'a' };
  const { leaseId, isRepeat, limits } = await take(gateway, asked);
  expect(isRepeat).toBe(false);
  expect(limits.map(({ kind, used: now }) => [kind, now])).toEqual([
    ['LIMIT_KIND_TOKENS', '100'],
    ['LIMIT_KIND_CONCURRENCY', '1'],
  ]);
  expect(await take(gateway, asked)).toMatchObject({ leaseId, isRepeat: true });
  const other = await refusalFrom(take(gateway, { ...asked, tokens: '101' }));
  expect(other).toMatchObject({
    code: 'ALREADY_EXISTS',
    violations: [{ field: 'idempotency_id' }],
  });
  expect(await call()).toBe(429);
  const settle = (tokens: string) =>
    gateway.client.ask('LimitService', 'SettleLimits', { leaseId, tokens });
  expect(await settle('40')).toEqual({ wasOpen: true });
  expect(await settle('90')).toEqual({ wasOpen: false });
  expect(await used(gateway, id)).toEqual({
    'SCOPE_KEY LIMIT_KIND_TOKENS': '40',
    'SCOPE_KEY LIMIT_KIND_CONCURRENCY': '0',
  });
  expect(await call()).toBe(200);
  // Whoever has read an answer is told so a moment before its place is free.
  await until(async () => (await used(gateway, id))['SCOPE_KEY LIMIT_KIND_CONCURRENCY'] === '0');
  await take(gateway, { ...asked, idempotencyId: '' });
  expect(await call()).toBe(429);
  gateway.clock.advance(30_000);
  expect(await call()).toBe(200);
});

test('nothing is taken for a key that is switched off', async () => {
  const gateway = await startKeyGateway();
  const { id } = await make(gateway, { rpmLimit: 7 });
  await gateway.space.keys.disable(CLI, id);
  expect(await refusalFrom(take(gateway, { key: { id } }))).toMatchObject({
    code: 'FAILED_PRECONDITION',
    message: 'Key is inactive',
  });
  expect(await used(gateway, id)).toEqual({ 'SCOPE_KEY LIMIT_KIND_REQUESTS': '0' });
});

test('all that is wrong with a taking is told', async () => {
  const gateway = await startKeyGateway();
  const wrong = { tokens: '-1', expiresIn: { seconds: 0 }, idempotencyId: 'x'.repeat(129) };
  const refusal = await refusalFrom(take(gateway, wrong));
  expect(refusal).toMatchObject({ code: 'INVALID_ARGUMENT' });
  expect(refusal.violations).toEqual([
    { field: 'key', description: 'give secret or id, exactly one of both' },
    { field: 'tokens', description: 'must be a whole number from 0 to 1000000000' },
    { field: 'expires_in', description: 'must be from 1 to 3600 seconds' },
    { field: 'idempotency_id', description: 'must have at most 128 characters' },
  ]);
});
