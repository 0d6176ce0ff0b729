import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { parse } from 'yaml';
import { ConfigError, loadConfig } from '../../../src/config/load.ts';
import { presetNames } from '../../../src/config/pool-presets.ts';
import { providers } from '../../../src/providers/index.ts';
import { strategies } from '../../../src/routing/index.ts';
import { poolMistakes } from '../../../src/services/configured-pools.ts';
import { priceMistakes } from '../../../src/services/price-mistakes.ts';
import { aFile } from './fixture.ts';

const root = join(import.meta.dirname, '../../..');
const textOf = (page: string): string => readFileSync(join(root, page), 'utf8');
const blocksOf = (page: string): string[] =>
  [...textOf(page).matchAll(/^```yaml\n(.*?)^```$/gms)].map(([, block]) => block ?? '');

const routing = textOf('docs/routing.md');

const examples = [
  ...blocksOf('docs/routing.md').map((text, index) => ({ name: `routing.md ${index + 1}`, text })),
  ...blocksOf('README.md').map((text, index) => ({ name: `README.md ${index + 1}`, text })),
  { name: 'tollgate.example.yaml', text: textOf('tollgate.example.yaml') },
];

test('there are examples', () => {
  expect(blocksOf('docs/routing.md').length).toBeGreaterThanOrEqual(5);
});

test.each(examples)('$name loads', ({ text }) => {
  // Whatever variables it refers to are there.
  const names = [...text.matchAll(/os\.environ\/(\w+)/g)].map(([, name]) => name ?? '');
  const environment = Object.fromEntries(names.map((name) => [name, 'secret']));
  const mistakes: readonly string[] = mistakesOf({ ...environment, ...aFile(text) });
  expect(mistakes).toEqual([]);
  expect(Object.keys(parse(text) as object)).toContain('pools');
});

function mistakesOf(environment: Record<string, string>): readonly string[] {
  try {
    loadConfig({
      environment,
      judge: ({ pools, prices }) => [
        ...poolMistakes(pools, { providers, strategies }),
        ...priceMistakes(prices, providers),
      ],
    });
    return [];
  } catch (error) {
    if (error instanceof ConfigError) return error.mistakes;
    throw error;
  }
}

describe('docs/routing.md knows', () => {
  test.each([...strategies.keys()])('strategy %s', (name) => {
    expect(routing).toMatch(new RegExp(`^\\| \`${name}\` +\\|`, 'm'));
  });

  test.each(presetNames)('preset %s', (name) => {
    expect(routing).toMatch(new RegExp(`^\\| \`${name}\` +\\|`, 'm'));
  });

  test('every header by which callers bring credentials', () => {
    const headers = [...providers.values()].flatMap(({ callerHeader }) => callerHeader ?? []);
    const text = routing.toLowerCase();
    expect(headers.filter((header) => !text.includes(`\`${header}\``))).toEqual([]);
  });
});
