import { describe, expect, test } from '@jest/globals';
import { fileSchema } from '../../../src/config/file-schema.ts';
import { looseSchema } from '../../../src/config/loose-schema.ts';
import type { PoolConfig } from '../../../src/config/file-schema.ts';

const one = { name: 'one', provider: 'openai', api_key: 'sk-1' };

const fileOf = (fields: object) => ({ pools: [{ name: 'main', credentials: [one], ...fields }] });

function parsed(fields: object): PoolConfig {
  const [pool] = fileSchema.parse(fileOf(fields)).pools;
  if (pool === undefined) throw new Error('there is one pool');
  return pool;
}

/** Every mistake as `path: text`, below the pool. */
function mistakesOf(fields: object): string[] {
  const { error } = fileSchema.safeParse(fileOf(fields));
  return (error?.issues ?? []).map(({ path, message }) => `${path.slice(2).join('.')}: ${message}`);
}

describe('durations', () => {
  test('are texts or milliseconds', () => {
    const { heartbeat, rate_limited: limited } = parsed({
      heartbeat: '1m30s',
      rate_limited: { duration: 1500 },
    });
    expect([heartbeat, limited]).toEqual([90_000, { scope: 'model', duration: 1500 }]);
    expect(parsed({ heartbeat: null }).heartbeat).toBeNull();
  });

  test.each(['30', '0s', 0, -5, 1.5, 'permanent', '87601h', true, {}])('%p is none', (value) => {
    const mistakes = mistakesOf({ heartbeat: value });
    expect(mistakes).toHaveLength(1);
    expect(mistakes[0]).toMatch(/^heartbeat: must be a duration such as 30s/);
  });
});

describe('limits', () => {
  test.each([[-1], [0], [null], [undefined]])('%p is no limit', (value) => {
    const pool = parsed({
      models: [{ name: 'm', rpm: value, tpm: value }],
      credentials: [{ ...one, rpm: value, tpm: value }],
    });
    expect(pool.models[0]).toMatchObject({ rpm: null, tpm: null });
    expect(pool.credentials[0]).toMatchObject({ rpm: null, tpm: null });
  });

  test('others are kept, and what is no count is refused', () => {
    const pool = parsed({ credentials: [{ ...one, rpm: 60, tpm: 100_000 }] });
    expect(pool.credentials[0]).toMatchObject({ rpm: 60, tpm: 100_000 });
    const wrong = { ...one, rpm: -2, tpm: 1.5, weight: 0, priority: 'first', models: [] };
    const fields = mistakesOf({ credentials: [wrong] }).map((text) => text.split(':')[0]);
    expect(fields.toSorted()).toEqual([
      'credentials.0.models',
      'credentials.0.priority',
      'credentials.0.rpm',
      'credentials.0.tpm',
      'credentials.0.weight',
    ]);
  });
});

describe('counted bans', () => {
  test('speak the words of fail2ban', () => {
    const { bans } = parsed({
      bans: {
        max_attempts: 5,
        ban_duration: 'permanent',
        error_codes: [401, 500],
        error_code_rules: [{ code: 429, max_attempts: 1, ban_duration: '5m' }, { code: 503 }],
      },
    });
    expect(bans).toEqual({
      max_attempts: 5,
      ban_duration: null,
      error_codes: [401, 500],
      error_code_rules: [{ code: 429, max_attempts: 1, ban_duration: 300_000 }, { code: 503 }],
      escalate: false,
    });
  });

  test.each(['', 'permanent', null, undefined])('%p lasts until lifted', (duration) => {
    const { bans } = parsed({ bans: { error_codes: [500], ban_duration: duration } });
    expect(bans?.ban_duration).toBeNull();
  });

  test('null is none, and no codes are a mistake', () => {
    expect(parsed({ bans: null }).bans).toBeNull();
    expect(mistakesOf({ bans: { max_attempts: 3 } })).toEqual([
      'bans: needs error_codes or error_code_rules; without counted bans, write null',
    ]);
  });

  test.each([400, 404, 405, 413, 415, 422])('%d never bans', (code) => {
    expect(
      mistakesOf({ bans: { error_codes: [500, code], error_code_rules: [{ code }] } }),
    ).toEqual([
      "bans.error_codes.1: is the client's fault and bans no credential",
      "bans.error_code_rules.0.code: is the client's fault and bans no credential",
    ]);
  });
});

test('a 429 sets nobody aside for more than an hour', () => {
  expect(mistakesOf({ rate_limited: { duration: '61m' } })).toEqual([
    'rate_limited.duration: must not be more than 1h',
  ]);
  expect(parsed({ rate_limited: { duration: '1h' } }).rate_limited.duration).toBe(3_600_000);
});

test('a pool without credentials is one for callers who bring theirs', () => {
  expect(parsed({ credentials: [], caller_credentials: true }).credentials).toEqual([]);
  const none = [
    'credentials: needs at least one, unless callers bring their own (caller_credentials)',
  ];
  expect(mistakesOf({ credentials: [] })).toEqual(none);
  expect(mistakesOf({ credentials: undefined })).toEqual(none);
  expect(mistakesOf({ credentials: 'none' })).toHaveLength(1);
});

test('every mistake of a pool is told at once', () => {
  const mistakes = mistakesOf({
    preset: 'acme',
    unauthorized: 'never',
    discover_models: 'yes',
    heartbeat: 'soon',
    confirmed_ban: { duration: '1h', duration_max: '1m', forever: true },
    ejection: { failures: 0, duration: '2m', duration_max: '1m' },
    rate_limited: { scope: 'pool' },
    bans: { error_code_rules: [{ code: 500 }, { code: 500 }], max_attempts: 0, windows: '5m' },
    models: [
      { name: '*a*b*', upstream: '**', list: 'yes', set: { model: 'x' } },
      { upstream: 'b', colour: 'red' },
      { name: 'c', set: { top_k: 1 } },
    ],
  });
  const fields = mistakes.map((text) => text.split(':')[0] ?? '');
  expect(fields.toSorted()).toEqual([
    'bans',
    'bans.error_code_rules',
    'bans.max_attempts',
    'confirmed_ban',
    'confirmed_ban.duration_max',
    'discover_models',
    'ejection.duration_max',
    'ejection.failures',
    'heartbeat',
    'models.0.list',
    'models.0.name',
    'models.0.set',
    'models.0.upstream',
    'models.1',
    'models.1.name',
    'models.2.set',
    'preset',
    'rate_limited.scope',
    'unauthorized',
  ]);
});

test('what can be read of a broken file is read', () => {
  const broken = {
    pools: [
      'nonsense',
      { name: 5, strategy: 'best', preset: 'vercel-lb', credentials: [7, one], models: ['x'] },
      { preset: 'vercel-lb', credentials: 'none' },
    ],
  };
  expect(looseSchema.parse(broken).pools).toEqual([
    { models: [], credentials: [] },
    { strategy: 'best', models: [{}], credentials: [{}, one] },
    {
      strategy: 'balance_weighted',
      models: [{ name: '*-thinking', upstream: '*' }],
      credentials: [],
    },
  ]);
});
