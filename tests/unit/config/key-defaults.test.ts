import { expect, test } from '@jest/globals';
import { ConfigError, loadConfig } from '../../../src/config/load.ts';
import { aFile } from './fixture.ts';

const defaultsIn = (environment: Record<string, string>) => {
  const config = loadConfig({ environment });
  const { virtualKeyDefaultRpm: rpm, virtualKeyDefaultTpm: tpm } = config;
  return { rpm, tpm, budget: config.virtualKeyDefaultBudget };
};

function mistakesOf(environment: Record<string, string>): readonly string[] {
  try {
    loadConfig({ environment });
  } catch (error) {
    if (error instanceof ConfigError) return error.mistakes;
    throw error;
  }
  throw new Error('nothing was found wrong');
}

test('a key has no limit and no budget by default', () => {
  expect(defaultsIn({})).toEqual({ rpm: 0, tpm: 0, budget: undefined });
});

test('the environment names them as system B does, and the file as its other settings', () => {
  const env = {
    VIRTUAL_KEY_DEFAULT_BUDGET: '100.0',
    VIRTUAL_KEY_DEFAULT_TPM: '10000',
    VIRTUAL_KEY_DEFAULT_RPM: '60',
  };
  expect(defaultsIn(env)).toEqual({ rpm: 60, tpm: 10_000, budget: 100_000_000_000n });
  const file = 'server: { virtual_key_default_budget: 0.05, virtual_key_default_rpm: 5 }\n';
  expect(defaultsIn(aFile(file))).toEqual({ rpm: 5, tpm: 0, budget: 50_000_000n });
});

test('every mistake is named', () => {
  const wrong = {
    VIRTUAL_KEY_DEFAULT_BUDGET: '0',
    VIRTUAL_KEY_DEFAULT_TPM: '-1',
    VIRTUAL_KEY_DEFAULT_RPM: 'many',
  };
  const cap = 'must be an amount in dollars, such as 100.0, above 0 and up to 1000000000';
  expect(mistakesOf(wrong)).toEqual([
    'VIRTUAL_KEY_DEFAULT_RPM: must be a whole number from 0 to 1000000',
    'VIRTUAL_KEY_DEFAULT_TPM: must be a whole number from 0 to 1000000000',
    `VIRTUAL_KEY_DEFAULT_BUDGET: ${cap}`,
  ]);
  for (const budget of ['100 dollars', '-5', '1000000001', ' ']) {
    expect(mistakesOf({ VIRTUAL_KEY_DEFAULT_BUDGET: budget })).toEqual([
      `VIRTUAL_KEY_DEFAULT_BUDGET: ${cap}`,
    ]);
  }
});
