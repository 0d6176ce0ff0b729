import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { renameModel } from '../../../src/proxy/rename-form-model.ts';

const BOUNDARY = '----boundary.(x)';
const DISPOSITION = 'Content-Disposition: form-data; ';

const part = (head: string, value: string) => `--${BOUNDARY}\r\n${head}\r\n\r\n${value}\r\n`;
const END = `--${BOUNDARY}--\r\n`;
const FIELD = part(`${DISPOSITION}name="n"`, 'gpt-image-1');
const FILE = part(
  `${DISPOSITION}name="image"; filename="model"\r\nContent-Type: image/png`,
  '\x89PNG\r\n\x1a\n\xff\0gpt-image-1\r\n-- model',
);

const renamed = (form: string, upstream = 'other', model = 'gpt-image-1') =>
  renameModel(Buffer.from(form, 'latin1'), BOUNDARY, { model, upstream }).toString('latin1');

describe('the model of a form is renamed', () => {
  test.each([
    ['quoted', `${DISPOSITION}name="model"`],
    ['not quoted', `${DISPOSITION}name=model`],
    ['without blanks', 'Content-Disposition:form-data;name="model"'],
    ['in other letters', 'CONTENT-DISPOSITION: Form-Data; Name="model"'],
    [
      'with a header behind it',
      `${DISPOSITION}name="model"\r\nContent-Type: text/plain; charset=utf-8`,
    ],
    ['with a header before it', `Content-Type: text/plain\r\n${DISPOSITION}name="model"`],
    [
      'with headers around it',
      `X-A: 1\r\nX-B: 2\r\n${DISPOSITION}name="model"\r\nContent-Length: 11`,
    ],
  ])('%s, and nothing else is touched', (_name, head) => {
    const around = [
      ['', END],
      [FIELD, END],
      ['', FIELD + FILE + END],
      [FILE + FIELD, FILE + END],
      // A part that is not read to its end yet.
      [FIELD, `--${BOUNDARY}\r\n${DISPOSITION}name="image"; filename="a"\r\n\r\n\xff\0`],
      // What some write before the first part.
      ['preamble\r\n', END],
    ] as const;
    for (const [before, behind] of around) {
      expect(renamed(before + part(head, 'gpt-image-1') + behind)).toBe(
        before + part(head, 'other') + behind,
      );
    }
  });

  test.each([
    ['a shorter name', 'x'],
    ['a longer one', 'openai/gpt-image-1-a-good-deal-longer'],
    ['the same', 'gpt-image-1'],
    ['one with characters that mean something elsewhere', '$&-$1-\\'],
    ['one in another alphabet', 'модель'],
  ])('to %s', (_name, upstream) => {
    const head = `${DISPOSITION}name="model"`;
    const form = Buffer.from(FILE + part(head, 'gpt-image-1') + END, 'latin1');
    const names = { model: 'gpt-image-1', upstream };
    const expected = Buffer.concat([
      Buffer.from(`${FILE}--${BOUNDARY}\r\n${head}\r\n\r\n`, 'latin1'),
      Buffer.from(upstream),
      Buffer.from(`\r\n${END}`),
    ]);
    expect(renameModel(form, BOUNDARY, names).equals(expected)).toBe(true);
  });
});

/** Each holds the model once as its upstream reads it, and once where it only looks like that. */
const LOOKALIKES: [string, string][] = [
  [
    'a file that holds such a part',
    part(
      `${DISPOSITION}name="f"; filename="f"`,
      `x\r\n${DISPOSITION}name="model"\r\n\r\ngpt-image-1\r\n--`,
    ),
  ],
  [
    'a file that holds such a part with a delimiter',
    part(
      `${DISPOSITION}name="f"; filename="f"`,
      `x--${BOUNDARY}\r\n${DISPOSITION}name="model"\r\n\r\ngpt-image-1\r\n--`,
    ),
  ],
  ['another parameter', part(`${DISPOSITION}name="a"; x-name="model"`, 'gpt-image-1')],
  ['a name that holds it', part(`${DISPOSITION}name="a; name=model;"`, 'gpt-image-1')],
  ['a file name', part(`${DISPOSITION}name="a"; filename="model"`, 'gpt-image-1')],
  ['a name in other letters', part(`${DISPOSITION}name="Model"`, 'gpt-image-1')],
  ['a name with one quote', part(`${DISPOSITION}name="model`, 'gpt-image-1')],
  ['a longer name', part(`${DISPOSITION}name=model2`, 'gpt-image-1')],
  ['a list of models', part(`${DISPOSITION}name="model[]"`, 'gpt-image-1')],
  ['two names', part(`${DISPOSITION}name="model"; name="a"`, 'gpt-image-1')],
  ['two names over two lines', part(`${DISPOSITION}name="model"\r\n ; name="a"`, 'gpt-image-1')],
  ['two heads', part(`${DISPOSITION}name="a"\r\n${DISPOSITION}name="model"`, 'gpt-image-1')],
  ['another header', part(`X: 1; ${DISPOSITION}name="model"`, 'gpt-image-1')],
  [
    'a preamble with a boundary of its own',
    `--x\r\n${DISPOSITION}name="model"\r\n\r\ngpt-image-1\r\n--x--\r\n`,
  ],
];

const model = (name: string) => part(`${DISPOSITION}name="model"`, name);

describe('what looks like the model, but is not where an upstream looks for it,', () => {
  test.each(LOOKALIKES)('is left as it is: %s', (_name, lookalike) => {
    expect(renamed(lookalike + model('gpt-image-1') + END)).toBe(lookalike + model('other') + END);
  });

  test.each(LOOKALIKES)('is no model: %s', (_name, lookalike) => {
    expect(() => renamed(lookalike + END)).toThrow(
      expect.objectContaining({ code: 'invalid_request', param: 'model' }),
    );
  });
});

test.each([
  ['no part at all', END],
  ['another field', FIELD + END],
  ['another value', part(`${DISPOSITION}name="model"`, 'gpt-image-10') + END],
  ['a value with a line behind it', part(`${DISPOSITION}name="model"`, 'gpt-image-1\r\n--x') + END],
  ['a value that is not over', `--${BOUNDARY}\r\n${DISPOSITION}name="model"\r\n\r\ngpt-image-1`],
  ['a head that is not over', `--${BOUNDARY}\r\n${DISPOSITION}name="model"\r\n`],
  [
    'line ends without CR',
    part(`${DISPOSITION}name="model"`, 'gpt-image-1').replaceAll('\r\n', '\n') + END,
  ],
  [
    'another boundary',
    part(`${DISPOSITION}name="model"`, 'gpt-image-1').replaceAll(BOUNDARY, 'y') + END,
  ],
])('a form whose model cannot be found for sure is refused: %s', (_name, form) => {
  expect(() => renamed(form)).toThrow(
    expect.objectContaining({ code: 'invalid_request', param: 'model' }),
  );
});

const written = (list: { name: string; value: string }[]) =>
  list.map(({ name, value }) => part(`${DISPOSITION}name="${name}"`, value)).join('');

test('whatever the other parts, only the model’s bytes change', () => {
  const bytes = fc
    .array(
      fc.constantFrom('\r\n', '--', BOUNDARY.slice(1), 'gpt-image-1', 'name="model"', '\xff', 'x'),
      {
        maxLength: 12,
      },
    )
    .map((parts) => parts.join(''));
  const others = fc.array(fc.record({ name: fc.constantFrom('n', 'models', 'a'), value: bytes }), {
    maxLength: 4,
  });
  fc.assert(
    fc.property(
      others,
      others,
      fc.stringMatching(/^[\x21-\x7e]{1,40}$/),
      (before, behind, upstream) => {
        const form = (name: string) =>
          written(before) + part(`${DISPOSITION}name="model"`, name) + written(behind) + END;
        expect(renamed(form('gpt-image-1'), upstream)).toBe(form(upstream));
      },
    ),
    { numRuns: 300 },
  );
});
