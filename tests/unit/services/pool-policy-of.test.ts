import { describe, expect, test } from '@jest/globals';
import { fileSchema } from '../../../src/config/file-schema.ts';
import type { PoolPolicy } from '../../../src/entities/pool-policy.ts';
import { policyOf } from '../../../src/services/pool-policy-of.ts';
import { aCredential } from './fixture.ts';

function policy(fields: object): PoolPolicy {
  const pool = { name: 'main', credentials: [aCredential('one')], ...fields };
  const [config] = fileSchema.parse({ pools: [pool] }).pools;
  if (config === undefined) throw new Error('there is one pool');
  return policyOf(config);
}

test('an unadorned pool', () => {
  expect(policy({})).toEqual({
    attemptsMax: 3,
    passthrough: false,
    unpriced: 'record',
    minCreditNano: '10000000',
    timeouts: { connectMs: 5000, firstByteMs: 60_000, idleMs: 60_000, totalMs: 600_000 },
    models: [],
    discoversModels: true,
    health: {
      unauthorized: 'probe',
      banMs: 60_000,
      banMaxMs: 900_000,
      rateLimited: { scope: 'model', ms: null },
      counted: {
        rules: [{ statuses: [401, 403], failuresMax: 3, banMs: 60_000 }],
        windowMs: 300_000,
        isEscalating: true,
      },
      ejection: { failures: 5, ms: 30_000, maxMs: 300_000 },
    },
    callerCredentials: false,
    heartbeatMs: null,
  });
});

test('every field of the file reaches the policy', () => {
  const given = policy({
    attempts_max: 2,
    passthrough: true,
    unpriced: 'refuse',
    min_credit: '1.5',
    timeouts: { connect_ms: 1, first_byte_ms: 2, idle_ms: 3, total_ms: 4 },
    models: [
      {
        name: 'a*',
        upstream: 'b*',
        set: { top_k: 1 },
        credentials: ['one'],
        provider: 'openai',
        list: true,
        rpm: 5,
        tpm: 6,
      },
    ],
    discover_models: false,
    caller_credentials: true,
    heartbeat: '15s',
    unauthorized: 'ignore',
    confirmed_ban: { duration: '2m', duration_max: '3m' },
    rate_limited: { scope: 'credential', duration: '5m' },
    bans: null,
    ejection: { failures: 9, duration: '1s', duration_max: '2s' },
  });
  expect(given).toEqual({
    attemptsMax: 2,
    passthrough: true,
    unpriced: 'refuse',
    minCreditNano: '1500000000',
    timeouts: { connectMs: 1, firstByteMs: 2, idleMs: 3, totalMs: 4 },
    models: [
      {
        name: 'a*',
        upstream: 'b*',
        set: { top_k: 1 },
        credentials: ['one'],
        provider: 'openai',
        isListed: true,
        rpm: 5,
        tpm: 6,
      },
    ],
    discoversModels: false,
    health: {
      unauthorized: 'ignore',
      banMs: 120_000,
      banMaxMs: 180_000,
      rateLimited: { scope: 'credential', ms: 300_000 },
      counted: null,
      ejection: { failures: 9, ms: 1000, maxMs: 2000 },
    },
    callerCredentials: true,
    heartbeatMs: 15_000,
  });
});

const counted = (bans: object) => policy({ bans }).health.counted;

describe('counted bans', () => {
  test('a code with a rule of its own is not counted with the others', () => {
    const bans = {
      max_attempts: 4,
      ban_duration: '1m',
      error_codes: [500, 429, 500, 503],
      error_code_rules: [
        { code: 429, max_attempts: 1, ban_duration: '' },
        { code: 401, ban_duration: '10s' },
        { code: 403, max_attempts: 2 },
      ],
    };
    expect(counted(bans)).toEqual({
      rules: [
        { statuses: [500, 503], failuresMax: 4, banMs: 60_000 },
        { statuses: [429], failuresMax: 1, banMs: null },
        { statuses: [401], failuresMax: 4, banMs: 10_000 },
        { statuses: [403], failuresMax: 2, banMs: 60_000 },
      ],
      windowMs: null,
      isEscalating: false,
    });
  });

  test('when all codes have rules, nothing is counted together', () => {
    const bans = { error_codes: [429], error_code_rules: [{ code: 429 }] };
    expect(counted(bans)?.rules).toEqual([{ statuses: [429], failuresMax: 3, banMs: null }]);
  });

  test('system D’s preset counts as its seed does', () => {
    expect(policy({ preset: 'auto-router' }).health.counted).toEqual({
      rules: [{ statuses: [401, 403, 429, 500, 502, 503, 504], failuresMax: 3, banMs: null }],
      windowMs: null,
      isEscalating: false,
    });
  });
});
