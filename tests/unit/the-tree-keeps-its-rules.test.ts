import { readFileSync, readdirSync } from 'node:fs';
import { join, relative } from 'node:path';
import { expect, test } from '@jest/globals';

const SRC = join(import.meta.dirname, '../../src');

/** Room to layer: a file may import from lower layers and from its own room, never sideways or up. */
const LAYERS: Record<string, number> = {
  lib: 0,
  errors: 1,
  config: 2,
  edge: 2,
  entities: 3,
  events: 4,
  providers: 5,
  routing: 5,
  pool: 5,
  accounting: 5,
  proxy: 6,
  services: 6,
  rest: 7,
  graphql: 7,
  grpc: 7,
  cli: 9,
};

/** Rooms that stand aside: the sandbox judges the product, so it shares only the clock with it. */
const ALONE: Record<string, readonly string[]> = { sandbox: ['lib/clock.ts'] };

/** Files at the top of `src` tie the rooms together. */
const TOP_LAYER = 8;

const files = readdirSync(SRC, { recursive: true, encoding: 'utf8' }).filter((name) =>
  name.endsWith('.ts'),
);
const source = new Map(files.map((name) => [name, readFileSync(join(SRC, name), 'utf8')]));

const roomOf = (file: string): string => (file.includes('/') ? (file.split('/')[0] ?? '') : '');
const layerOf = (file: string): number => LAYERS[roomOf(file)] ?? TOP_LAYER;

function importsOf(file: string): string[] {
  const found = (source.get(file) ?? '').matchAll(/from '(\.[^']+)'/g);
  return [...found].map(([, path]) => relative(SRC, join(SRC, file, '..', path ?? '')));
}

test('there is something to judge', () => {
  expect(files.length).toBeGreaterThan(80);
});

test('every room has its place in the layers', () => {
  const rooms = new Set(files.map(roomOf).filter((room) => room !== ''));
  const unknown = [...rooms].filter(
    (room) => LAYERS[room] === undefined && ALONE[room] === undefined,
  );
  expect(unknown).toEqual([]);
});

test('imports point down, and siblings are blind to each other', () => {
  const wrong = files.flatMap((file) =>
    importsOf(file)
      .filter((target) => !target.startsWith('..') && !isAllowed(file, target))
      .map((target) => `${file} -> ${target}`),
  );
  expect(wrong).toEqual([]);
});

function isAllowed(file: string, target: string): boolean {
  const room = roomOf(file);
  if (room === roomOf(target)) return true;
  const alone = ALONE[room];
  if (alone !== undefined) return alone.includes(target);
  if (ALONE[roomOf(target)] !== undefined) return layerOf(file) >= TOP_LAYER;
  return layerOf(target) < layerOf(file);
}

test.each([
  ['process.env', /process\.env/, (file: string) => file.startsWith('config/')],
  ['the wall clock', /\bDate\.now\(|new Date\(\)/, (file: string) => file.startsWith('lib/')],
  ['Math.random', /\bMath\.random\(/, (file: string) => file.startsWith('lib/')],
  ['console', /\bconsole\./, (file: string) => file === 'banner.ts'],
  ['a child process', /node:child_process/, () => false],
  ['SQL with values in its text', /\.(?:exec|prepare)\(\s*`[^`]*=\s*'?\$\{/, () => false],
])('only its own room uses %s', (_what, pattern, isHome) => {
  const strays = files.filter((file) => pattern.test(source.get(file) ?? '') && !isHome(file));
  expect(strays).toEqual([]);
});

const BANNED = /^(utils?|helpers?|common|misc|managers?|handlers?|data|info|tmp|opts|cfg)$/;

test('no file is called after nothing', () => {
  const names = files.flatMap((file) => file.replace(/\.ts$/, '').split('/'));
  expect(names.filter((name) => BANNED.test(name))).toEqual([]);
});

test('no default exports', () => {
  expect(files.filter((file) => /^export default/m.test(source.get(file) ?? ''))).toEqual([]);
});

test('what a provider is called is known in providers alone', () => {
  const home = /^(providers|config|sandbox|cli|accounting\/prices)\//;
  const name = /'(?:vercel|openai-compatible|anthropic|gemini)'/;
  const named = files.filter((file) => name.test(source.get(file) ?? '') && !home.test(file));
  expect(named).toEqual([]);
});
