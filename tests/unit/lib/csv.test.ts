import { describe, expect, test } from '@jest/globals';
import { array, assert, property, string } from 'fast-check';
import { CsvError, parseCsv } from '../../../src/lib/csv.ts';

const fieldsOf = (text: string): string[][] => parseCsv(text).map(({ fields }) => fields);

test.each<[string, string, string[][]]>([
  [
    'plain fields',
    'a,b\nc,d\n',
    [
      ['a', 'b'],
      ['c', 'd'],
    ],
  ],
  [
    'no line end at the end',
    'a,b\nc,d',
    [
      ['a', 'b'],
      ['c', 'd'],
    ],
  ],
  ['line ends of all systems', 'a\r\nb\nc\rd', [['a'], ['b'], ['c'], ['d']]],
  [
    'commas, quotes and line ends in quotes',
    '"a,b","say ""hi""","two\r\nlines"\n',
    [['a,b', 'say "hi"', 'two\r\nlines']],
  ],
  [
    'empty fields',
    'a,,b\n,\n"",x',
    [
      ['a', '', 'b'],
      ['', ''],
      ['', 'x'],
    ],
  ],
  ['an empty field in quotes is a record', '""\n', [['']]],
  ['empty lines', '\n\na\n\n\nb\n\n', [['a'], ['b']]],
  ['a byte-order mark', '\uFEFFname\nx', [['name'], ['x']]],
  ['spaces as they are', ' a , b ', [[' a ', ' b ']]],
  ['nothing', '', []],
])('%s', (_name, text, expected) => {
  expect(fieldsOf(text)).toEqual(expected);
});

test('records know the line they begin on', () => {
  const records = parseCsv('head\n\n"one\ntwo"\r\nlast');
  expect(records.map(({ line, fields }) => [line, ...fields])).toEqual([
    [1, 'head'],
    [3, 'one\ntwo'],
    [5, 'last'],
  ]);
});

describe('is no table', () => {
  test.each([
    ['a quote within a field', 'ok\na"b', 2],
    ['text after a quote', '"a"b', 1],
    ['a quote that is never closed', 'a\nb\n"c\nd', 3],
  ])('%s', (_name, text, line) => {
    expect(() => parseCsv(text)).toThrow(CsvError);
    expect(() => parseCsv(text)).toThrow(expect.objectContaining({ line }));
  });
});

const written = (field: string) => `"${field.replaceAll('"', '""')}"`;

test('whatever is written by the rules is read back', () => {
  const table = array(array(string(), { minLength: 1 }));
  assert(
    property(table, (rows) => {
      const text = rows.map((row) => row.map((field) => written(field)).join(',')).join('\r\n');
      expect(fieldsOf(text)).toEqual(rows);
    }),
  );
});

test('a large text takes time by its length alone', () => {
  const hostile = '"'.repeat(999_999);
  expect(() => parseCsv(hostile)).toThrow(CsvError);
  expect(parseCsv('a,b\n'.repeat(100_000))).toHaveLength(100_000);
});
