import { expect, test } from '@jest/globals';
import { looseSchema } from '../../../src/config/loose-schema.ts';
import { presetNames } from '../../../src/config/pool-presets.ts';
import { poolMistakes } from '../../../src/services/configured-pools.ts';
import { aCredential, registries } from './fixture.ts';

const mistakesOf = (...pools: object[]) =>
  poolMistakes(looseSchema.parse({ pools }).pools, registries);

const withRules = (...models: object[]) => ({
  name: 'main',
  credentials: [
    aCredential('one'),
    aCredential('two'),
    aCredential('deep', { provider: 'vercel' }),
  ],
  models,
});

test('a rule names credentials of the pool and known providers', () => {
  const rule = { name: 'm', credentials: ['one', 'three', 'four'], provider: 'acme' };
  expect(mistakesOf(withRules({ name: 'a' }, rule))).toEqual([
    'pools[0].models[1].credentials: the pool has no "three"',
    'pools[0].models[1].credentials: the pool has no "four"',
    expect.stringMatching(
      /^pools\[0\]\.models\[1\]\.provider: there is no "acme"; known: .*openai/,
    ),
  ]);
});

test.each([
  ['a', 'b*', true],
  ['a*', 'b*', false],
  ['*a*', '*', false],
  ['a*', '*b*', true],
])('%s sent as %s: a mistake is %p', (name, upstream, isMistake) => {
  const wanted = isMistake ? ['pools[0].models[0].upstream: has more "*" than the name'] : [];
  expect(mistakesOf(withRules({ name, upstream }))).toEqual(wanted);
});

test('no two rules of a name are for the same credential', () => {
  const rules = [
    { name: 'm', credentials: ['one'] },
    { name: 'm', credentials: ['two'] },
    { name: 'm', provider: 'vercel' },
  ];
  expect(mistakesOf(withRules(...rules))).toEqual([]);
  expect(mistakesOf(withRules(...rules, { name: 'm', provider: 'openai' }))).toEqual([
    'pools[0].models[3].name: an earlier rule has "m" for one, two too',
  ]);
  expect(mistakesOf(withRules({ name: 'G*' }, { name: 'g*', credentials: ['two'] }))).toEqual([
    'pools[0].models[1].name: an earlier rule has "g*" for two too',
  ]);
  // Without a `*` the case counts.
  expect(mistakesOf(withRules({ name: 'M' }, { name: 'm' }))).toEqual([]);
});

const baseUrlMistakes = (base_url: string) =>
  mistakesOf({ name: 'main', credentials: [aCredential('one', { base_url })] });

test('a base URL that holds a user or a password is a mistake, which does not repeat it', () => {
  const told =
    'pools[0].credentials[0].base_url: has no place for a user or a password; secrets are sealed as such';
  for (const secret of ['ann:canary', ':canary', 'canary']) {
    expect(baseUrlMistakes(`https://${secret}@host.example/v1`)).toEqual([told]);
  }
  expect(baseUrlMistakes('https://host.example/v1/@canary')).toEqual([]);
});

test.each(presetNames)('preset %s has no mistake of its own', (preset) => {
  const credentials = [aCredential('one', { provider: 'vercel' })];
  expect(mistakesOf({ name: 'main', preset, credentials })).toEqual([]);
});

test('a preset’s strategy is judged like a written one', () => {
  const pool = { name: 'main', preset: 'vercel-lb', credentials: [aCredential('one')] };
  expect(mistakesOf(pool)).toEqual([
    'pools[0].credentials[0].provider: openai tells no balance, which balance_weighted needs',
  ]);
});
