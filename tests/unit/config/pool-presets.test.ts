import { expect, test } from '@jest/globals';
import { fileSchema } from '../../../src/config/file-schema.ts';
import { poolPresets, presetNames } from '../../../src/config/pool-presets.ts';

const credentials = [{ name: 'one', api_key: 'sk-1' }];

const poolOf = (fields: object) =>
  fileSchema.parse({ pools: [{ name: 'main', credentials, ...fields }] }).pools[0];

const plain = poolOf({});

test.each(presetNames)('%s is a pool, and changes what its row says and nothing else', (preset) => {
  const pool = poolOf({ preset });
  expect(pool).toEqual(poolOf({ ...poolPresets[preset], preset }));
  const changed = new Set(['preset', ...Object.keys(poolPresets[preset])]);
  const rest = (from: object | undefined) =>
    Object.entries(from ?? {}).filter(([field]) => !changed.has(field));
  expect(rest(pool)).toEqual(rest(plain));
});

test('a field of the file replaces the preset’s whole', () => {
  const pool = poolOf({
    preset: 'auto-router',
    bans: { error_codes: [500] },
    models: [{ name: 'a' }],
  });
  expect(pool?.bans).toMatchObject({ error_codes: [500], max_attempts: 3, ban_duration: null });
  expect(pool?.models.map(({ name }) => name)).toEqual(['a']);
});

test('system A draws by balance and lets models think', () => {
  expect(poolOf({ preset: 'vercel-lb' })).toMatchObject({
    strategy: 'balance_weighted',
    min_credit: 0.01,
    models: [
      {
        name: '*-thinking',
        upstream: '*',
        set: { reasoning: { effort: 'medium', enabled: true } },
      },
    ],
  });
});

test('system C sets a credential aside for five minutes, and never bans', () => {
  expect(poolOf({ preset: 'model-gateway' })).toMatchObject({
    strategy: 'selected_then_rotate',
    caller_credentials: true,
    unauthorized: 'ignore',
    bans: null,
    rate_limited: { scope: 'credential', duration: 300_000 },
  });
});

test('system D counts to three and bans until lifted', () => {
  expect(poolOf({ preset: 'auto-router' })).toMatchObject({
    strategy: 'round_robin',
    bans: {
      max_attempts: 3,
      ban_duration: null,
      error_codes: [401, 403, 429, 500, 502, 503, 504],
      escalate: false,
    },
    models: [{ name: '*', rpm: 50 }],
  });
  expect(poolOf({ preset: 'auto-router' })?.bans?.window).toBeUndefined();
});
