import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';

const ROOT = join(import.meta.dirname, '../..');
const ROOMS = ['tests/integration/catalogue', 'tests/survival'].map((room) => join(ROOT, room));

const numbered = (letter: string, count: number): string[] =>
  Array.from({ length: count }, (_, at) => letter + String(at + 1).padStart(2, '0'));

/** Every fault of an upstream (U), of a client (C) and of what is below us (D) that the catalogue knows. */
const CATALOGUE = [...numbered('U', 96), ...numbered('C', 38), ...numbered('D', 23)];

const sources = ROOMS.flatMap((room) =>
  readdirSync(room)
    .filter((name) => name.endsWith('.test.ts'))
    .map((name) => readFileSync(join(room, name), 'utf8')),
);

/** A test is called after its fault: `'U57: cut in a chunk'`, or `'U57'` where a table says the rest. */
const tested = new Set(
  sources.flatMap((text) => [...text.matchAll(/['"`]([UCD]\d\d)(?::|['"`])/g)].map(([, id]) => id)),
);

const page = readFileSync(join(ROOT, 'docs/faults.md'), 'utf8');
const rows = [...page.matchAll(/^\| ([UCD]\d\d) +\| (.*?) +\| (.*?) +\|$/gm)].map(
  ([, id = '', what = '', proof = '']) => ({ id, what, proof, isTested: proof === 'tested' }),
);

test('the page lists every fault once, in order, and in words', () => {
  expect(rows.map(({ id }) => id)).toEqual(CATALOGUE);
  expect(rows.filter(({ what }) => what.length < 10)).toEqual([]);
});

test('every fault has a test, or a reason why it has none, and not both', () => {
  const missing = rows.filter(({ id, isTested }) => isTested && !tested.has(id));
  expect(missing.map(({ id }) => id)).toEqual([]);
  const both = rows.filter(({ id, isTested }) => !isTested && tested.has(id));
  expect(both.map(({ id }) => id)).toEqual([]);
  const unexplained = rows.filter(({ isTested, proof }) => !isTested && proof.length < 10);
  expect(unexplained.map(({ id }) => id)).toEqual([]);
});

test('no test is called after a fault that is none', () => {
  expect([...tested].filter((id) => !CATALOGUE.includes(id ?? ''))).toEqual([]);
});

test('the page counts right', () => {
  const count = rows.filter(({ isTested }) => isTested).length;
  expect(page).toContain(`\n${count} of ${CATALOGUE.length} are tested.`);
});

test('none of the tests is left out', () => {
  expect(sources.filter((text) => /\.(?:skip|only|todo|failing)\b/.test(text))).toEqual([]);
});
