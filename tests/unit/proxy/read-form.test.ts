import { Readable } from 'node:stream';
import { expect, test } from '@jest/globals';
import type { Call } from '../../../src/proxy/call.ts';
import { readForm } from '../../../src/proxy/read-form.ts';

const BOUNDARY = 'boundary-of-the-form';

const part = (head: string, value: string) =>
  `--${BOUNDARY}\r\nContent-Disposition: form-data; ${head}\r\n\r\n${value}\r\n`;

function aForm(...parts: string[]): Call {
  const text = `${parts.join('')}--${BOUNDARY}--\r\n`;
  return {
    headers: { 'content-type': `multipart/form-data; boundary=${BOUNDARY}` },
    body: Readable.from([Buffer.from(text)], { objectMode: false }),
    hasBody: true,
    contentLength: Buffer.byteLength(text),
  } as unknown as Call;
}

const MODEL = part('name="model"', 'gpt-image-1');
const FILE = part('name="image"; filename="a.png"', 'bytes');

test('a form tells its model and its fields, and goes on byte for byte', async () => {
  const call = aForm(FILE, MODEL, part('name="n"', '2'));
  const { asked, body } = await readForm(call, 1e6);
  expect(asked).toMatchObject({ model: 'gpt-image-1', fields: { n: '2' } });
  expect(body.kind === 'bytes' && body.bytes.length).toBe(call.contentLength);
});

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
