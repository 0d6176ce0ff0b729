import { expect, test } from '@jest/globals';
import { loadServices } from '../../../../src/grpc/protos.ts';
import { toldJudgement } from '../../../../src/grpc/told/judgement.ts';
import { KEY_REFUSALS } from '../../../../src/services/key-check.ts';
import type { KeyJudgement, KeyRefusal } from '../../../../src/services/key-check.ts';
import { aKey, NOW } from '../../proxy/fixture.ts';

/** What a caller reads, once it has gone over the wire. */
function read(judgement: KeyJudgement): Record<string, unknown> {
  const method = loadServices().get('KeyService')?.['ValidateKey'];
  const bytes = method?.responseSerialize(toldJudgement(judgement)) ?? Buffer.alloc(0);
  return method?.responseDeserialize(bytes) as Record<string, unknown>;
}

const nothing: KeyJudgement = {
  refusal: null,
  key: null,
  limits: [],
  budgets: [],
  remainingNano: null,
  retryAfterMs: null,
};

test('every reason has a name of its own and its words', () => {
  const reasons = Object.keys(KEY_REFUSALS) as KeyRefusal[];
  const told = reasons.map((refusal) => read({ ...nothing, refusal }));
  expect(told.map(({ error }) => error)).toEqual(Object.values(KEY_REFUSALS));
  expect(told.map(({ reason }) => reason)).toEqual(
    reasons.map((refusal) => `KEY_REFUSAL_${refusal.toUpperCase()}`),
  );
  expect(told.every(({ valid }) => valid === false)).toBe(true);
});

test('what is not there is absent, not nought', () => {
  const told = read(nothing);
  expect(told).toMatchObject({ valid: true, reason: 'KEY_REFUSAL_UNSPECIFIED', error: '' });
  expect(told).toMatchObject({ key: null, limits: [], budgets: [] });
  expect(told).not.toHaveProperty('remainingNanoUsd');
  expect(told).not.toHaveProperty('retryAfterMillis');
  expect(read({ ...nothing, remainingNano: 0n, retryAfterMs: 0.2 })).toMatchObject({
    remainingNanoUsd: '0',
    retryAfterMillis: '1',
  });
});

test('money is exact beyond what a double holds', () => {
  const nano = 9_007_199_254_740_993n;
  const budget = {
    id: 'b',
    scope: 'user',
    subjectId: 'u',
    capNano: nano,
    settledNano: 2n * nano,
    heldNano: 1n,
    remainingNano: -nano - 1n,
    isHard: true,
    resetsAtMs: NOW,
  } as const;
  expect(read({ ...nothing, budgets: [budget], remainingNano: -nano - 1n })).toMatchObject({
    remainingNanoUsd: '-9007199254740994',
    budgets: [
      {
        id: 'b',
        scope: 'SCOPE_USER',
        subjectId: 'u',
        capNanoUsd: '9007199254740993',
        settledNanoUsd: '18014398509481986',
        heldNanoUsd: '1',
        remainingNanoUsd: '-9007199254740994',
        isHard: true,
        resetsAt: { seconds: String(NOW / 1000), nanos: 0 },
      },
    ],
  });
});

test('a key is told with all but its secret', () => {
  const limits = [
    { scope: 'key', id: 'key-1', rpm: 5, tpm: null, concurrency: 2 },
    { scope: 'team', id: 't', rpm: 9, tpm: 9, concurrency: 9 },
  ] as const;
  const facts = {
    hint: 'sk-tg-…Ab12',
    createdAt: new Date(NOW),
    allowedModels: ['gpt-4o*'],
    allowedEndpoints: null,
    metadata: { team: 'a' },
  };
  const key = aKey({ limits, facts, teamId: 't', hash: 'canary', expiresAt: new Date(NOW + 1) });
  const told = read({ ...nothing, key: { key, status: 'inactive' } });
  expect(told['key']).toEqual({
    id: 'key-1',
    name: 'one',
    hint: 'sk-tg-…Ab12',
    poolId: 'pool-1',
    userId: '',
    teamId: 't',
    status: 'KEY_STATUS_INACTIVE',
    createdAt: { seconds: String(NOW / 1000), nanos: 0 },
    expiresAt: { seconds: String(NOW / 1000), nanos: 1_000_000 },
    rpmLimit: '5',
    _rpmLimit: 'rpmLimit',
    concurrencyLimit: '2',
    _concurrencyLimit: 'concurrencyLimit',
    allowedModels: ['gpt-4o*'],
    restrictsModels: true,
    allowedEndpoints: [],
    restrictsEndpoints: false,
    metadataJson: '{"team":"a"}',
  });
  expect(JSON.stringify(told)).not.toContain('canary');
});
