import { randomBytes } from 'node:crypto';
import { expect, test } from '@jest/globals';
import { startGateway } from '../../support/gateway.ts';
import type { Gateway } from '../../support/gateway.ts';
import { poolAt, startUpstream } from './fixture.ts';
import type { Upstream } from './fixture.ts';

const ODD =
  '{ "messages":\t[{"content":"\\u00e9\\ud83d\\ude00 é\\/","role":"user"}],\r\n' +
  ' "seed":9007199254740993, "top_p":1e999, "x":-0.0,"temperature": 1.10 ,\n' +
  '"metadata":{"b":"1","a":"2","b":"3"}, "model" : "gpt-4o-mini"  }\n';

async function gatewayTo(answer: string): Promise<{ gateway: Gateway; upstream: Upstream }> {
  const upstream = await startUpstream((response) => {
    response.writeHead(200, { 'content-type': 'application/json' });
    response.end(answer);
  });
  return { gateway: await startGateway({ pool: poolAt(upstream.baseUrl) }), upstream };
}

test('a JSON body with odd spelling arrives as it was sent, and so does the answer', async () => {
  const answer =
    '{"choices" :[], "big":9007199254740993,"usage":{"prompt_tokens":1,"completion_tokens":2}}\n';
  const { gateway, upstream } = await gatewayTo(answer);
  const response = await gateway.fetch('/v1/chat/completions', { body: ODD });
  expect(response.status).toBe(200);
  expect(await response.text()).toBe(answer);
  expect(upstream.bodies.map(String)).toEqual([ODD]);
});

test('of a streamed call only stream_options changes', async () => {
  const { gateway, upstream } = await gatewayTo('{}');
  const tail = ',"stream":true }\n';
  await gateway.fetch('/v1/chat/completions', { body: ODD.replace(/ {2}\}\n$/, tail) });
  await gateway.fetch('/v1/chat/completions', {
    body: ODD.replace(/ {2}\}\n$/, `,"stream_options" : {"include_usage": false,"z":1}${tail}`),
  });
  const [added = '', changed = ''] = upstream.bodies.map(String);
  const start = ODD.replace(/ {2}\}\n$/, '');
  expect(added).toBe(`{"stream_options":{"include_usage":true},${start.slice(1)}${tail}`);
  const parts = /^(.*"stream_options" : )(\{[^}]*\})(.*)$/s.exec(changed);
  expect(parts?.[1]).toBe(`${start},"stream_options" : `);
  expect(JSON.parse(parts?.[2] ?? '')).toEqual({ include_usage: true, z: 1 });
  expect(parts?.[3]).toBe(tail);
});

test('a streamed call that asks for its usage is not touched at all', async () => {
  const { gateway, upstream } = await gatewayTo('{}');
  const body = ODD.replace(/\}\n$/, ',"stream_options":{"include_usage":true} , "stream":true}');
  await gateway.fetch('/v1/chat/completions', { body });
  expect(upstream.bodies.map(String)).toEqual([body]);
});

test.each([
  ['the model first', true],
  ['the file first', false],
])('a form with %s arrives byte for byte', async (_name, isModelFirst) => {
  const { gateway, upstream } = await gatewayTo('{"text":"hello"}');
  const file = randomBytes(300_000);
  const field = 'Content-Disposition: form-data; name="model"\r\n\r\nwhisper-1';
  const sound = Buffer.concat([
    Buffer.from('Content-Disposition: form-data; name="file"; filename="a.mp3"\r\n\r\n'),
    file,
  ]);
  const parts = isModelFirst ? [Buffer.from(field), sound] : [sound, Buffer.from(field)];
  const body = Buffer.concat([
    ...parts.flatMap((part) => [Buffer.from('--odd  boundary\r\n'), part, Buffer.from('\r\n')]),
    Buffer.from('--odd  boundary--\r\n'),
  ]);
  const response = await gateway.fetch('/v1/audio/transcriptions', {
    body,
    headers: { 'content-type': 'multipart/form-data; boundary="odd  boundary"' },
  });
  expect(response.status).toBe(200);
  expect(upstream.bodies).toHaveLength(1);
  expect(upstream.bodies[0]?.equals(body)).toBe(true);
});

test('an uploaded file of some megabytes arrives byte for byte', async () => {
  const { gateway, upstream } = await gatewayTo('{"id":"file-1","object":"file"}');
  const body = randomBytes(5_000_000);
  const response = await gateway.fetch('/v1/files', {
    body,
    headers: { 'content-type': 'multipart/form-data; boundary=x' },
  });
  expect(response.status).toBe(200);
  expect(upstream.bodies[0]?.equals(body)).toBe(true);
});
