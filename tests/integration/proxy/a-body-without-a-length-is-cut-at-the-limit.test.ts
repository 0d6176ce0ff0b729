import { afterEach, expect, test } from '@jest/globals';
import { gatewayOfFile } from '../../support/gateway.ts';
import { repliesOf } from '../../support/raw-client.ts';
import { requestsTo, text } from '../edge/requests.ts';
import { BOUNDARY } from './bad-bodies.ts';

const gateway = gatewayOfFile({ env: { MAX_BODY_MB: '1' } });
const { clean, connect, headers } = requestsTo(gateway);

afterEach(clean);

const CHUNK = Buffer.alloc(64 * 1024, 'x');
const chunk = (bytes: Buffer) =>
  Buffer.concat([Buffer.from(`${bytes.length.toString(16)}\r\n`), bytes, Buffer.from('\r\n')]);
const FORM_HEAD = `--${BOUNDARY}\r\nContent-Disposition: form-data; name="model"\r\n\r\nwhisper-1\r\n--${BOUNDARY}\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\n`;

test.each<[string, string, string, string]>([
  ['JSON', '/v1/chat/completions', 'application/json', '{"model":"gpt-4o-mini","user":"'],
  [
    'a form without a model',
    '/v1/audio/transcriptions',
    `multipart/form-data; boundary=${BOUNDARY}`,
    '',
  ],
  [
    'a form that streams through',
    '/v1/audio/transcriptions',
    `multipart/form-data; boundary=${BOUNDARY}`,
    FORM_HEAD,
  ],
])('%s', async (_name, path, type, start) => {
  const client = connect().send(
    text([
      `POST ${path} HTTP/1.1`,
      ...headers(),
      `Content-Type: ${type}`,
      'Transfer-Encoding: chunked',
    ]),
  );
  if (start !== '') client.send(chunk(Buffer.from(start)));
  for (let sent = 0; sent < 32; sent += 1) client.send(chunk(CHUNK));
  const [reply] = repliesOf(await client.until(/\}\}$/));
  expect(client.error).toBeUndefined();
  expect(reply?.status).toBe(413);
  expect(JSON.parse(reply?.body ?? '')).toMatchObject({ error: { code: 'payload_too_large' } });
  const costs = (await gateway().records()).map((record) => record.costNano);
  expect(costs.filter((cost) => cost !== 0n)).toEqual([]);
  const answered = gateway().sandbox.witness.entries.filter(
    (entry) =>
      entry.kind === 'finished' && entry.outcome === 'completed' && entry.requestId !== null,
  );
  expect(answered).toEqual([]);
});
