import { Readable } from 'node:stream';
import { describe, expect, test } from '@jest/globals';
import type { Call } from '../../../src/proxy/call.ts';
import { readForm } from '../../../src/proxy/read-form.ts';
import type { OutgoingBody } from '../../../src/proxy/read-request.ts';
import { aServed, cut } from './fixture.ts';

const BOUNDARY = 'boundary-of-the-form';

const part = (head: string, value: string) =>
  `--${BOUNDARY}\r\nContent-Disposition: form-data; ${head}\r\n\r\n${value}\r\n`;

const textOf = (parts: readonly string[]) => `${parts.join('')}--${BOUNDARY}--\r\n`;

function aCall(pieces: readonly Buffer[], parameter = `boundary=${BOUNDARY}`): Call {
  return {
    headers: { 'content-type': `multipart/form-data; ${parameter}` },
    body: Readable.from(pieces, { objectMode: false }),
    hasBody: true,
    contentLength: pieces.reduce((sum, { length }) => sum + length, 0),
  } as unknown as Call;
}

const aForm = (...parts: string[]): Call => aCall([Buffer.from(textOf(parts))]);

/** A body as an upstream gets it. */
async function sent(body: OutgoingBody): Promise<string> {
  if (body.kind === 'none') return '';
  if (body.kind === 'bytes') return body.bytes.toString();
  const pieces = [...body.head];
  for await (const piece of body.rest) pieces.push(piece);
  return Buffer.concat(pieces).toString();
}

const MODEL = part('name="model"', 'gpt-image-1');
const FILE = part('name="image"; filename="a.png"', 'bytes');

test('a form tells its model and its fields, and goes on byte for byte', async () => {
  const parts = [FILE, MODEL, part('name="n"', '2')];
  const { asked, body } = await readForm(aForm(...parts), 1e6);
  expect(asked).toMatchObject({ model: 'gpt-image-1', fields: { n: '2' } });
  expect(body.kind).toBe('bytes');
  expect(await sent(body)).toBe(textOf(parts));
});

describe('for an upstream that knows the model by another name', () => {
  const other = part('name="model"', 'openai/gpt-image-1');
  const served = aServed('openai/gpt-image-1', { set: { n: 3 } });

  test.each([
    ['as it is', `boundary=${BOUNDARY}`],
    ['quoted', `boundary="${BOUNDARY}"`],
    ['in other letters', `Boundary=${BOUNDARY}`],
    ['behind another', `charset=utf-8; boundary=${BOUNDARY}`],
    ['before another', `boundary=${BOUNDARY}; charset=utf-8`],
  ])('a form has that name, wherever it stands (its boundary %s)', async (_name, parameter) => {
    const around: [string[], string[]][] = [
      [[FILE], []],
      [[], [FILE]],
      [[FILE], [part('name="n"', '2'), FILE]],
    ];
    for (const [before, behind] of around) {
      const bytes = Buffer.from(textOf([...before, MODEL, ...behind]));
      const { renamed } = await readForm(aCall(cut(bytes, [1, 60, 61]), parameter), 1e6);
      expect(await sent(renamed(served))).toBe(textOf([...before, other, ...behind]));
    }
  });

  test('a long form has it, too, and says how much longer it has become', async () => {
    const long = part('name="image"; filename="a.png"', 'x'.repeat(400_000));
    const pieces = (parts: string[]) => {
      const bytes = Buffer.from(textOf(parts));
      return cut(bytes, [100_000, 200_000, 300_000, 350_000]);
    };
    const { asked, renamed } = await readForm(aCall(pieces([MODEL, long])), 1e6);
    expect(asked.model).toBe('gpt-image-1');
    const body = renamed(served);
    expect(body).toMatchObject({ kind: 'stream', grownBy: 'openai/'.length });
    expect(await sent(body)).toBe(textOf([other, long]));

    const shorter = (await readForm(aCall(pieces([MODEL, long])), 1e6)).renamed(aServed('x'));
    expect(shorter).toMatchObject({ kind: 'stream', grownBy: 1 - 'gpt-image-1'.length });
    expect(await sent(shorter)).toBe(textOf([part('name="model"', 'x'), long]));
  });

  test('a form can be renamed for one credential after the other', async () => {
    const { renamed, body } = await readForm(aForm(MODEL, FILE), 1e6);
    for (const name of ['x', 'gpt-image-1-and-more', 'x']) {
      expect(await sent(renamed(aServed(name)))).toBe(textOf([part('name="model"', name), FILE]));
    }
    expect(await sent(body)).toBe(textOf([MODEL, FILE]));
  });

  test('a form that only a lenient reader understands is refused', async () => {
    const { renamed } = await readForm(aForm(part('name = "model"', 'gpt-image-1')), 1e6);
    expect(() => renamed(served)).toThrow(
      expect.objectContaining({ code: 'invalid_request', param: 'model' }),
    );
  });
});

test.each(['', 'charset=utf-8', 'boundary='])(
  'a form without a boundary (%j) is refused',
  async (parameter) => {
    await expect(readForm(aCall([], parameter), 1e6)).rejects.toMatchObject({
      code: 'invalid_request',
      param: 'content-type',
    });
  },
);

test.each([
  ['a second model', [MODEL, part('name="model"', 'other')], 'model'],
  [
    'a second model that claims another type',
    [MODEL, part('name="model"\r\nContent-Type: application/octet-stream', 'other')],
    'model',
  ],
  ['a model that is a file', [part('name="model"; filename="m"', 'gpt-image-1')], 'model'],
  ['a second n', [MODEL, part('name="n"', '1'), part('name="n"', '9')], 'n'],
  ...['0', '-1', '1.5', '129', '1e300', 'many'].map(
    (n) => [`n=${n}`, [MODEL, part('name="n"', n)], 'n'] as const,
  ),
] as [string, string[], string][])('%s is refused', async (_name, parts, param) => {
  await expect(readForm(aForm(...parts), 1e6)).rejects.toMatchObject({
    code: 'invalid_request',
    param,
  });
});
