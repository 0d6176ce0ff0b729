import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { ConfigError, loadConfig, poolOf } from '../../../src/config/load.ts';
import { aFile, fileDirectory } from './fixture.ts';

function mistakesOf(env: Record<string, string>): string[] {
  try {
    loadConfig({ environment: env });
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return error.mistakes.map((mistake) => mistake.replace(fileDirectory(), ''));
  }
  throw new Error('nothing was found wrong');
}

const POOL = `
pools:
  - name: main
    credentials:
      - { name: one, provider: openai, api_key: sk-1 }
`;

describe('without anything', () => {
  test('it listens on loopback only and has no pools', () => {
    const config = loadConfig({ environment: {} });
    expect(config).toMatchObject({
      host: '127.0.0.1',
      port: 8000,
      dataDir: 'data',
      bodyLimitMb: 50,
      pools: [],
      prices: [],
      hasFilePools: false,
    });
    expect(Object.isFrozen(config)).toBe(true);
  });
});

describe('precedence', () => {
  const file = 'server: { port: 7000, host: "10.0.0.1", max_body_mb: 5 }\n';

  test('the file is over the defaults, the environment over the file, flags over all', () => {
    const env = { ...aFile(file), PORT: '7001', MAX_BODY_MB: '6' };
    const config = loadConfig({
      overrides: { MAX_BODY_MB: '7', HOST: undefined },
      environment: env,
    });
    expect([config.host, config.port, config.bodyLimitMb]).toEqual(['10.0.0.1', 7001, 7]);
  });

  test('an empty variable is none', () => {
    expect(loadConfig({ environment: { ...aFile(file), PORT: '' } }).port).toBe(7000);
  });
});

describe('pools', () => {
  test('every field has its default', () => {
    const config = loadConfig({ environment: aFile(POOL) });
    expect(config.hasFilePools).toBe(true);
    expect(config.pools).toEqual([
      {
        name: 'main',
        preset: 'default',
        strategy: 'round_robin',
        attempts_max: 3,
        passthrough: false,
        unpriced: 'record',
        min_credit: '0.01',
        timeouts: { connect_ms: 5000, first_byte_ms: 60_000, idle_ms: 60_000, total_ms: 600_000 },
        models: [],
        discover_models: true,
        caller_credentials: false,
        heartbeat: null,
        unauthorized: 'probe',
        confirmed_ban: { duration: 60_000, duration_max: 900_000 },
        rate_limited: { scope: 'model', duration: null },
        bans: {
          max_attempts: 3,
          ban_duration: 60_000,
          error_codes: [401, 403],
          error_code_rules: [],
          window: 300_000,
          escalate: true,
        },
        ejection: { failures: 5, duration: 30_000, duration_max: 300_000 },
        credentials: [
          {
            name: 'one',
            provider: 'openai',
            api_key: 'sk-1',
            weight: 1,
            priority: 1,
            rpm: null,
            tpm: null,
          },
        ],
      },
    ]);
    expect(Object.isFrozen(config.pools[0]?.credentials)).toBe(true);
  });

  test('os.environ/ takes a secret from the environment', () => {
    const env = { ...aFile(POOL.replace('sk-1', 'os.environ/MY_KEY')), MY_KEY: 'sk-secret' };
    expect(loadConfig({ environment: env }).pools[0]?.credentials[0]?.api_key).toBe('sk-secret');
  });

  test('plain variables stand for pools: Vercel’s by balance, OpenAI’s beside it or alone', () => {
    const both = loadConfig({ environment: { AI_GATEWAY_API_KEY: 'vck', OPENAI_API_KEY: 'sk' } });
    expect(both.pools.map(({ name, preset, strategy }) => [name, preset, strategy])).toEqual([
      ['default', 'vercel-lb', 'balance_weighted'],
      ['openai', 'default', 'round_robin'],
    ]);
    const base = { OPENAI_API_KEY: 'sk', OPENAI_BASE_URL: 'http://127.0.0.1:9/v1' };
    expect(loadConfig({ environment: base }).pools).toMatchObject([
      { name: 'default', credentials: [{ base_url: 'http://127.0.0.1:9/v1' }] },
    ]);
    expect(both.hasFilePools).toBe(false);
  });

  test('variables of the model gateway stand for one pool with a credential each', () => {
    const environment = {
      GOOGLE_API_KEY: 'AIza',
      XAI_API_KEY: 'xai-k',
      XAI_API_BASE_URL: 'http://127.0.0.1:9/v1',
      GIGACHAT_AUTH_KEY: 'giga',
      PERPLEXITY_API_KEY: 'pplx',
      PERPLEXITY_API_BASE_URL: 'http://127.0.0.1:8',
    };
    const [alone, ...others] = loadConfig({ environment }).pools;
    expect(others).toEqual([]);
    expect(alone).toMatchObject({
      name: 'default',
      preset: 'model-gateway',
      strategy: 'selected_then_rotate',
    });
    expect(
      alone?.credentials.map(({ name, provider, api_key: secret, base_url: url }) => [
        name,
        provider,
        secret,
        url,
      ]),
    ).toEqual([
      ['google-1', 'google', 'AIza', undefined],
      ['xai-1', 'xai', 'xai-k', 'http://127.0.0.1:9/v1'],
      ['gigachat-1', 'gigachat', 'giga', undefined],
      ['perplexity-1', 'perplexity', 'pplx', 'http://127.0.0.1:8'],
    ]);
    const after = loadConfig({ environment: { OPENAI_API_KEY: 'sk', XAI_API_KEY: 'x' } }).pools;
    expect(after.map(({ name, credentials }) => [name, credentials.length])).toEqual([
      ['default', 1],
      ['model-gateway', 1],
    ]);
  });

  test('named pools leave plain variables aside', () => {
    const config = loadConfig({ environment: { ...aFile(POOL), OPENAI_API_KEY: 'sk' } });
    expect(config.pools.map(({ name }) => name)).toEqual(['main']);
  });

  test('a pool of given credentials has all else by its preset', () => {
    const made = {
      name: 'a',
      provider: 'sandbox',
      api_key: 'k',
      base_url: 'http://127.0.0.1:9/v1',
    };
    expect(poolOf('vercel-lb', [made])).toMatchObject([
      { name: 'default', strategy: 'balance_weighted', attempts_max: 3 },
    ]);
  });
});

describe('mistakes', () => {
  test('all of them are told at once, each with its place', () => {
    const file = `
server: { port: nowhere, log_level: loud }
pools:
  - name: main
    credentials:
      - { name: one, api_key: os.environ/ABSENT }
      - { name: one, api_key: x }
`;
    const mistakes = mistakesOf({ ...aFile(file), ADMIN_SECRET: 'short', MAX_BODY_MB: '0' });
    const found = (pattern: RegExp) => mistakes.filter((mistake) => pattern.test(mistake));
    expect(found(/server\.port/)).toHaveLength(1);
    expect(found(/server\.log_level/)).toHaveLength(1);
    expect(found(/ADMIN_SECRET.*at least 32/)).toHaveLength(1);
    expect(found(/MAX_BODY_MB/)).toHaveLength(1);
    expect(found(/credentials\[0\]\.api_key: the environment has no ABSENT/)).toHaveLength(1);
    expect(found(/"one" is used twice/)).toHaveLength(1);
    expect(mistakes).toHaveLength(6);
    expect(mistakes.join()).not.toContain('short');
  });

  test.each([
    ['an unknown field of the file', 'pool: []\n', /pool: unknown field/],
    ['an unknown setting', 'server: { prot: 1 }\n', /server\.prot: unknown field/],
    [
      'an unknown field of a pool',
      POOL.replace('name: main', 'name: main\n    rpm: 5'),
      /pools\[0\]\.rpm: unknown field/,
    ],
    [
      'an unknown field of a credential',
      POOL.replace('api_key: sk-1', 'api_key: sk-1, key: x'),
      /pools\[0\]\.credentials\[0\]\.key: unknown field/,
    ],
    [
      'a pool without credentials',
      'pools: [{ name: a, credentials: [] }]\n',
      /pools\[0\]\.credentials/,
    ],
    [
      'a pool named twice',
      `${POOL}  - name: main\n    credentials: [{ name: a, api_key: b }]\n`,
      /"main" is used twice/,
    ],
    ['a name with blanks', POOL.replace('main', 'My Pool'), /pools\[0\]\.name: must be lower-case/],
    [
      'a base URL of another kind',
      POOL.replace('api_key: sk-1', 'api_key: sk-1, base_url: "file:///etc"'),
      /base_url/,
    ],
    [
      'money below zero',
      POOL.replace('name: main', 'name: main\n    min_credit: -1'),
      /min_credit/,
    ],
    [
      'no timeout at all',
      POOL.replace('name: main', 'name: main\n    timeouts: { idle_ms: 0 }'),
      /timeouts\.idle_ms/,
    ],
    ['text that is no YAML', 'pools: [\n', /yaml: /],
    ['a list where fields belong', '- 1\n', /expected object/],
  ])('%s', (_name, file, pattern) => {
    const mistakes = mistakesOf(aFile(file));
    expect(mistakes).toHaveLength(1);
    expect(mistakes[0]).toMatch(pattern);
  });

  test('a file that was named must exist', () => {
    const path = join(fileDirectory(), 'absent.yaml');
    expect(mistakesOf({ TOLLGATE_CONFIG: path })).toEqual(['/absent.yaml: no such file']);
  });

  test.each([
    ['ADMIN_SECRET', 'x'.repeat(31)],
    ['TOLLGATE_PEPPER', 'short-pepper'],
    ['TOLLGATE_MASTER_KEY', 'zz'.repeat(32)],
  ])('%s that is too weak is refused and not shown', (name, value) => {
    const mistakes = mistakesOf({ [name]: value });
    expect(mistakes).toHaveLength(1);
    expect(mistakes[0]).toContain(name);
    expect(mistakes[0]).not.toContain(value);
  });
});
