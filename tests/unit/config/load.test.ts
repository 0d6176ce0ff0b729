import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { ConfigError, loadConfig, poolOf } from '../../../src/config/load.ts';

let directory = '';
let serial = 0;

beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'tollgate-config-'));
});
afterAll(() => rmSync(directory, { recursive: true, force: true }));

/** The environment that names a file with this text. */
function withFile(text: string): Record<string, string> {
  serial += 1;
  const path = join(directory, `${serial}.yaml`);
  writeFileSync(path, text);
  return { TOLLGATE_CONFIG: path };
}

function mistakesOf(env: Record<string, string>): string[] {
  try {
    loadConfig({ environment: env });
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return error.mistakes.map((mistake) => mistake.replace(directory, ''));
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
    const env = { ...withFile(file), PORT: '7001', MAX_BODY_MB: '6' };
    const config = loadConfig({
      overrides: { MAX_BODY_MB: '7', HOST: undefined },
      environment: env,
    });
    expect([config.host, config.port, config.bodyLimitMb]).toEqual(['10.0.0.1', 7001, 7]);
  });

  test('an empty variable is none', () => {
    expect(loadConfig({ environment: { ...withFile(file), PORT: '' } }).port).toBe(7000);
  });
});

describe('pools', () => {
  test('every field has its default', () => {
    const config = loadConfig({ environment: withFile(POOL) });
    expect(config.hasFilePools).toBe(true);
    expect(config.pools).toEqual([
      {
        name: 'main',
        strategy: 'round_robin',
        attempts_max: 3,
        passthrough: false,
        unpriced: 'record',
        min_credit: '0.01',
        timeouts: { connect_ms: 5000, first_byte_ms: 60_000, idle_ms: 60_000, total_ms: 600_000 },
        credentials: [{ name: 'one', provider: 'openai', api_key: 'sk-1' }],
      },
    ]);
    expect(Object.isFrozen(config.pools[0]?.credentials)).toBe(true);
  });

  test('os.environ/ takes a secret from the environment', () => {
    const env = { ...withFile(POOL.replace('sk-1', 'os.environ/MY_KEY')), MY_KEY: 'sk-secret' };
    expect(loadConfig({ environment: env }).pools[0]?.credentials[0]?.api_key).toBe('sk-secret');
  });

  test('plain variables stand for pools: Vercel’s by balance, OpenAI’s beside it or alone', () => {
    const both = loadConfig({ environment: { AI_GATEWAY_API_KEY: 'vck', OPENAI_API_KEY: 'sk' } });
    expect(both.pools.map(({ name, strategy }) => [name, strategy])).toEqual([
      ['default', 'balance_weighted'],
      ['openai', 'round_robin'],
    ]);
    const base = { OPENAI_API_KEY: 'sk', OPENAI_BASE_URL: 'http://127.0.0.1:9/v1' };
    expect(loadConfig({ environment: base }).pools).toMatchObject([
      { name: 'default', credentials: [{ base_url: 'http://127.0.0.1:9/v1' }] },
    ]);
    expect(both.hasFilePools).toBe(false);
  });

  test('named pools leave plain variables aside', () => {
    const config = loadConfig({ environment: { ...withFile(POOL), OPENAI_API_KEY: 'sk' } });
    expect(config.pools.map(({ name }) => name)).toEqual(['main']);
  });

  test('a pool of given credentials has all else by default', () => {
    const made = {
      name: 'a',
      provider: 'sandbox',
      api_key: 'k',
      base_url: 'http://127.0.0.1:9/v1',
    };
    expect(poolOf('round_robin', [made])).toMatchObject([{ name: 'default', attempts_max: 3 }]);
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
    const mistakes = mistakesOf({ ...withFile(file), ADMIN_SECRET: 'short', MAX_BODY_MB: '0' });
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
    const mistakes = mistakesOf(withFile(file));
    expect(mistakes).toHaveLength(1);
    expect(mistakes[0]).toMatch(pattern);
  });

  test('a file that was named must exist', () => {
    const path = join(directory, 'absent.yaml');
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
