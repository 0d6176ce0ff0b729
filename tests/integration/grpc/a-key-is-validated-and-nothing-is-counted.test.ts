import { expect, test } from '@jest/globals';
import { mintVirtualKey } from '../../../src/lib/virtual-key-format.ts';
import { CLI } from '../../../src/services/actor.ts';
import type { CreateKeyInput } from '../../../src/services/key-input.ts';
import { refusalFrom } from '../../support/grpc-client.ts';
import { arrivals } from '../proxy/fixture.ts';
import { startKeyGateway } from './key-gateway.ts';
import type { KeyGateway } from './key-gateway.ts';

const DAY_MS = 86_400_000;

const make = async ({ space }: KeyGateway, input: Partial<CreateKeyInput> = {}) => {
  const { key, virtualKey } = await space.keys.create(CLI, { name: 'asked', ...input });
  return { secret: key, id: virtualKey.id };
};

interface Case {
  reason: string;
  error: string;
  /** The secret that is shown. */
  secret(gateway: KeyGateway): Promise<string>;
  asked?: Record<string, string>;
}

const made = (input: Partial<CreateKeyInput>) => async (gateway: KeyGateway) =>
  (await make(gateway, input)).secret;

const CASES: Case[] = [
  { reason: 'INVALID_FORMAT', error: 'Invalid key format', secret: async () => 'sk-tg-123' },
  { reason: 'INVALID_PREFIX', error: 'Invalid key prefix', secret: async () => 'sk-other-123' },
  { reason: 'NOT_FOUND', error: 'Key not found', secret: async () => mintVirtualKey() },
  {
    reason: 'INACTIVE',
    error: 'Key is inactive',
    async secret(gateway) {
      const { secret, id } = await make(gateway);
      await gateway.space.keys.disable(CLI, id);
      return secret;
    },
  },
  {
    reason: 'INACTIVE',
    error: 'Key is inactive',
    async secret(gateway) {
      await gateway.space.users.create(CLI, { name: 'ann' });
      const { secret } = await make(gateway, { user: 'ann' });
      await gateway.space.users.update(CLI, 'ann', { isEnabled: false });
      return secret;
    },
  },
  {
    reason: 'EXPIRED',
    error: 'Key has expired',
    async secret(gateway) {
      const { secret } = await make(gateway, { expiresInDays: 1 });
      gateway.clock.advance(DAY_MS);
      return secret;
    },
  },
  {
    reason: 'ADDRESS_NOT_ALLOWED',
    error: 'Source address not allowed',
    secret: made({ sourceNetworks: ['10.0.0.0/8'] }),
    asked: { sourceAddress: '11.0.0.1' },
  },
  {
    reason: 'ENDPOINT_NOT_ALLOWED',
    error: 'Endpoint not allowed',
    secret: made({ allowedEndpoints: ['embeddings'] }),
    asked: { endpoint: 'chat.completions' },
  },
  {
    reason: 'ENDPOINT_NOT_ALLOWED',
    error: 'Endpoint not allowed',
    secret: made({ allowedModels: ['*'] }),
    asked: { endpoint: 'batches.create' },
  },
  {
    reason: 'MODEL_NOT_ALLOWED',
    error: 'Model not allowed',
    secret: made({ allowedModels: ['gpt-4o'] }),
    asked: { model: 'gpt-4o-mini' },
  },
  { reason: 'BUDGET_EXCEEDED', error: 'Budget exceeded', secret: made({ budget: 0 }) },
  {
    reason: 'BUDGET_EXCEEDED',
    error: 'Budget exceeded',
    secret: made({ budget: '0.5' }),
    asked: { estimateNanoUsd: '500000001' },
  },
  {
    reason: 'RATE_LIMIT_EXCEEDED',
    error: 'Rate limit exceeded',
    async secret(gateway) {
      const { secret, id } = await make(gateway, { rpmLimit: 1 });
      await gateway.client.ask('LimitService', 'TakeLimits', { key: { id } });
      return secret;
    },
  },
];

test('every reason is told with its words, one by one and all at once in order', async () => {
  const gateway = await startKeyGateway();
  const { client } = gateway;
  const requests = [];
  for (const { secret, asked } of CASES) {
    requests.push({ key: { secret: await secret(gateway) }, ...asked });
  }
  const expected = CASES.map(({ reason, error }) => [false, `KEY_REFUSAL_${reason}`, error]);
  const alone = await Promise.all(
    requests.map((asked) => client.ask('KeyService', 'ValidateKey', asked)),
  );
  expect(alone.map(({ valid, reason, error }) => [valid, reason, error])).toEqual(expected);
  const { responses } = await client.ask('KeyService', 'BatchValidateKeys', { requests });
  expect(responses.map(({ valid, reason, error }) => [valid, reason, error])).toEqual(expected);
  const waitMs = Number(responses.at(-1)?.retryAfterMillis);
  expect(waitMs).toBeGreaterThan(0);
  expect(waitMs).toBeLessThanOrEqual(60_000);
  expect(responses.slice(0, -1).every((told) => told.retryAfterMillis === undefined)).toBe(true);
});

test('asking counts nothing, holds nothing and calls nobody', async () => {
  const gateway = await startKeyGateway();
  const { client, space } = gateway;
  await space.teams.create(CLI, { name: 'crew', tpmLimit: 1000 });
  const { secret, id } = await make(gateway, {
    team: 'crew',
    rpmLimit: 2,
    concurrencyLimit: 1,
    budget: '0.5',
  });
  const asked = { key: { secret }, estimateNanoUsd: '500000000', estimateTokens: '1000' };
  const standing = async () => {
    const told = await client.ask('KeyService', 'ValidateKey', asked);
    const { limits } = await client.ask('LimitService', 'GetLimits', { key: { id } });
    expect(limits.map(({ used }) => used)).toEqual(told.limits.map(({ used }) => used));
    return told;
  };
  const first = await standing();
  expect(first).toMatchObject({
    valid: true,
    reason: 'KEY_REFUSAL_UNSPECIFIED',
    error: '',
    key: { id, name: 'asked', status: 'KEY_STATUS_ACTIVE', rpmLimit: '2' },
    remainingNanoUsd: '500000000',
    budgets: [
      {
        scope: 'SCOPE_KEY',
        subjectId: id,
        capNanoUsd: '500000000',
        settledNanoUsd: '0',
        heldNanoUsd: '0',
        remainingNanoUsd: '500000000',
        isHard: true,
        resetsAt: null,
      },
    ],
  });
  expect(
    first.limits.map(({ scope, kind, limit, used, remaining }) => [
      scope,
      kind,
      limit,
      used,
      remaining,
    ]),
  ).toEqual([
    ['SCOPE_KEY', 'LIMIT_KIND_REQUESTS', '2', '0', '2'],
    ['SCOPE_KEY', 'LIMIT_KIND_CONCURRENCY', '1', '0', '1'],
    ['SCOPE_TEAM', 'LIMIT_KIND_TOKENS', '1000', '0', '1000'],
  ]);
  const many = Array.from({ length: 100 }, () => client.ask('KeyService', 'ValidateKey', asked));
  for (const told of await Promise.all(many)) expect(told.valid).toBe(true);
  const requests = Array.from({ length: 100 }, () => asked);
  const { responses } = await client.ask('KeyService', 'BatchValidateKeys', { requests });
  expect(responses.every(({ valid }) => valid)).toBe(true);
  expect((await standing()).budgets).toEqual(first.budgets);
  expect(arrivals(gateway)).toEqual([]);
  expect(await gateway.records()).toEqual([]);
});

test('it says no exactly when `/v1` does', async () => {
  const gateway = await startKeyGateway();
  const { secret } = await make(gateway, { rpmLimit: 2 });
  const isValid = async () =>
    (await gateway.client.ask('KeyService', 'ValidateKey', { key: { secret } })).valid;
  const call = async () => {
    const answer = await gateway.chat({}, { authorization: `Bearer ${secret}` });
    await answer.text();
    return answer.status;
  };
  const told = [];
  for (let nth = 0; nth < 4; nth += 1) told.push([await isValid(), await call()]);
  expect(told).toEqual([
    [true, 200],
    [true, 200],
    [false, 429],
    [false, 429],
  ]);
});

test('a key is told by its secret and by its id, and one that is none is not found', async () => {
  const gateway = await startKeyGateway();
  const { client } = gateway;
  const { secret, id } = await make(gateway, {
    allowedModels: ['gpt-4o*'],
    metadata: { cost_centre: 7 },
    tpmLimit: 9,
  });
  const { key } = await client.ask('KeyService', 'GetKey', { key: { secret } });
  expect(key).toMatchObject({
    id,
    tpmLimit: '9',
    allowedModels: ['gpt-4o*'],
    restrictsModels: true,
    restrictsEndpoints: false,
    metadataJson: '{"cost_centre":7}',
    expiresAt: null,
  });
  expect(key).not.toHaveProperty('rpmLimit');
  expect(await client.ask('KeyService', 'GetKey', { key: { id } })).toEqual({ key });
  const unknown = { secret: mintVirtualKey() };
  expect(await refusalFrom(client.ask('KeyService', 'GetKey', { key: unknown }))).toMatchObject({
    code: 'NOT_FOUND',
    message: 'Key not found',
  });
});

test('all that is wrong with a question is told, each by its field', async () => {
  const { client } = await startKeyGateway();
  const wrong = {
    sourceAddress: 'here',
    estimateNanoUsd: '-1',
    estimateTokens: '9223372036854775807',
  };
  const refusal = await refusalFrom(
    client.ask('KeyService', 'BatchValidateKeys', { requests: [{ key: { id: 'x' } }, wrong] }),
  );
  expect(refusal.code).toBe('INVALID_ARGUMENT');
  expect(refusal.violations?.map(({ field }) => field)).toEqual([
    'requests.1.key',
    'requests.1.source_address',
    'requests.1.estimate_nano_usd',
    'requests.1.estimate_tokens',
  ]);
  expect((await refusalFrom(client.ask('KeyService', 'ValidateKey', {}))).violations).toEqual([
    { field: 'key', description: 'give secret or id, exactly one of both' },
  ]);
});
