import { expect, test } from '@jest/globals';
import { printable, table } from '../../../src/cli/print.ts';

const lines = (...args: Parameters<typeof table>) => table(...args).split('\n');

test('columns are as wide as their widest cell, numbers to the right', () => {
  const rows = [
    ['first', '1', '$0.50'],
    ['a longer one', '1,234', '$12.00'],
  ];
  expect(lines(['Name', 'Calls', 'Cost'], rows)).toEqual([
    'Name          Calls    Cost',
    '────────────  ─────  ──────',
    'first             1   $0.50',
    'a longer one  1,234  $12.00',
  ]);
});

test('one word in a column makes it text', () => {
  expect(lines(['Limit'], [['10'], ['Unlimited']])).toEqual([
    'Limit',
    '─────────',
    '10',
    'Unlimited',
  ]);
});

test('without rows there are the headings alone, and no line ends in blanks', () => {
  expect(lines(['Name', 'Calls'], [])).toEqual(['Name  Calls', '────  ─────']);
  const ragged = lines(['Name', 'Note'], [['a'], ['b', '']]);
  expect(ragged.every((line) => line === line.trimEnd())).toBe(true);
});

test('what clients chose steers no terminal and breaks no line', () => {
  expect(printable('a\u{1b}[2J\r\nb\u{9b}c')).toBe('a\u{fffd}[2J\u{fffd}\u{fffd}b\u{fffd}c');
  expect(lines(['Name'], [['a\nb']])).toEqual(['Name', '────', 'a\u{fffd}b']);
});
