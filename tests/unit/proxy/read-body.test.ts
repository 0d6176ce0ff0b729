import { Readable } from 'node:stream';
import { describe, expect, test } from '@jest/globals';
import type { Call } from '../../../src/proxy/call.ts';
import { chatCompletions } from '../../../src/proxy/endpoints/chat-completions.ts';
import { embeddings } from '../../../src/proxy/endpoints/embeddings.ts';
import { filesCreate } from '../../../src/proxy/endpoints/files.ts';
import { moderations } from '../../../src/proxy/endpoints/moderations.ts';
import { readBody } from '../../../src/proxy/read-body.ts';
import { bodyFor } from '../../../src/proxy/read-request.ts';
import { aServed } from './fixture.ts';

const JSON_TYPE = 'application/json';

/** As much of a call as reading its body needs. */
function aCall(pieces: string[], type = JSON_TYPE, contentLength: number | null = null): Call {
  const body = Readable.from(
    pieces.map((piece) => Buffer.from(piece)),
    { objectMode: false },
  );
  return {
    headers: { 'content-type': type },
    body,
    hasBody: true,
    contentLength,
  } as unknown as Call;
}

const sent = async (call: Call) => {
  const { body } = await readBody(call, chatCompletions, 1000);
  return body.kind === 'bytes' ? body.bytes.toString() : body.kind;
};

describe('a JSON body', () => {
  test('goes on byte for byte, however it was cut', async () => {
    const json = '{ "model":\t"m", "seed": 12345678901234567890, "user":"\\ud800" }';
    expect(await sent(aCall(json.split('')))).toBe(json);
  });

  test.each([
    [
      '{"model":"m","stream":true}',
      '{"stream_options":{"include_usage":true},"model":"m","stream":true}',
    ],
    [
      '{"model":"m","stream":true,"stream_options":{"x":1}}',
      '{"model":"m","stream":true,"stream_options":{"x":1,"include_usage":true}}',
    ],
    [
      '{"model":"m","stream":true,"stream_options":{"include_usage":true}}',
      '{"model":"m","stream":true,"stream_options":{"include_usage":true}}',
    ],
    ['{"model":"m","stream":false}', '{"model":"m","stream":false}'],
  ])('%s asks for usage', async (json, expected) => {
    expect(await sent(aCall([json]))).toBe(expected);
  });

  test.each([
    ['{"model":"m","messages":[],"messages":[]}', 'messages'],
    ['{"model":"m","tools":[],"tools":[]}', 'tools'],
    ['{"model":"m","service_tier":"flex","service_tier":"priority"}', 'service_tier'],
    ['{"model":"m","providerOptions":{},"providerOptions":{}}', 'providerOptions'],
    ['{"model":"m","MODEL":"n"}', 'MODEL'],
    ['{"Model":"m"}', 'Model'],
    ['{"model":"m","Service_Tier":"priority"}', 'Service_Tier'],
    ['{"model":"m","ſtream":true}', 'ſtream'],
  ])('%s could be read in two ways, and is refused', async (json, param) => {
    await expect(sent(aCall([json]))).rejects.toMatchObject({ code: 'invalid_request', param });
  });

  test('over the limit is read no further, and its connection is left open', async () => {
    const call = aCall(Array.from({ length: 100 }, () => 'x'.repeat(100)));
    await expect(readBody(call, chatCompletions, 1000)).rejects.toMatchObject({
      code: 'payload_too_large',
    });
    expect(call.body.destroyed).toBe(false);
  });

  test('that tells a length over the limit is not read at all', async () => {
    const call = aCall(['{}'], JSON_TYPE, 1001);
    await expect(readBody(call, chatCompletions, 1000)).rejects.toMatchObject({
      code: 'payload_too_large',
    });
    expect(call.body.readableDidRead).toBe(false);
  });

  test('whose client leaves is the client’s doing', async () => {
    const call = aCall(['{"model"']);
    call.body.once('data', () => call.body.destroy(new Error('aborted')));
    await expect(readBody(call, chatCompletions, 1000)).rejects.toMatchObject({
      code: 'client_closed_request',
    });
  });
});

const hides = async (json: string) =>
  (await readBody(aCall([json]), chatCompletions, 1000)).hidesUsage;

const textFor = async (json: string, served = aServed('up'), endpoint = chatCompletions) => {
  const request = await readBody(aCall([json]), endpoint, 10_000);
  const body = bodyFor(request, served, null);
  return body.kind === 'bytes' ? body.bytes.toString() : body.kind;
};

describe('for an upstream that knows the model by another name', () => {
  test.each([
    ['{"model":"m"}', '{"model":"up"}'],
    [
      '{ "a" : 1e2,\t"model"\r\n:  "m" ,"b":"\\ud800" }',
      '{ "a" : 1e2,\t"model"\r\n:  "up" ,"b":"\\ud800" }',
    ],
    ['{"mod\\u0065l":"m"}', '{"mod\\u0065l":"up"}'],
    ['{"model":"\\u006d"}', '{"model":"up"}'],
    [
      '{"x":{"model":"m"},"model":"m","y":["model","m"]}',
      '{"x":{"model":"m"},"model":"up","y":["model","m"]}',
    ],
    [
      '{"seed":12345678901234567890,"model":"m","é":"😀"}',
      '{"seed":12345678901234567890,"model":"up","é":"😀"}',
    ],
  ])(
    '%s has that name in the place of the other, and nothing else is touched',
    async (json, expected) => {
      expect(await textFor(json)).toBe(expected);
    },
  );

  test('a name that needs it is escaped', async () => {
    expect(await textFor('{"model":"m"}', aServed('a"b\\'))).toBe('{"model":"a\\"b\\\\"}');
  });

  test.each<[string, Record<string, unknown>, string]>([
    [
      '{"model":"m"}',
      { thinking: { type: 'enabled' } },
      '{"thinking":{"type":"enabled"},"model":"up"}',
    ],
    ['{"effort":"low","model":"m"}', { effort: 'high' }, '{"effort":"high","model":"up"}'],
    ['{"model":"m","a":1,"a":2}', { a: 3 }, '{"model":"up","a":3,"a":3}'],
    ['{"model":"m"}', { model: 'not this' }, '{"model":"up"}'],
    ['{"model":"m"}', {}, '{"model":"up"}'],
    ['{"model":"m","b":null}', { a: 1, b: false }, '{"a":1,"model":"up","b":false}'],
  ])('%s has the fields that a rule sets: %j', async (json, set, expected) => {
    expect(await textFor(json, aServed('up', { set }))).toBe(expected);
  });

  test('fields are set also where the name stays', async () => {
    expect(await textFor('{"model":"m"}', aServed('m', { set: { a: 1 } }))).toBe(
      '{"a":1,"model":"m"}',
    );
  });

  test.each([
    [
      '{"model":"m","stream":true}',
      '{"stream_options":{"include_usage":true},"a":1,"model":"up","stream":true}',
    ],
    [
      '{"stream_options":{"x":[1]},"model":"m","stream":true,"a":0}',
      '{"stream_options":{"x":[1],"include_usage":true},"model":"up","stream":true,"a":1}',
    ],
    [
      '{"model":"m","stream":true,"stream_options":{"include_usage":true}}',
      '{"a":1,"model":"up","stream":true,"stream_options":{"include_usage":true}}',
    ],
    ['{"model":"m","stream":false}', '{"a":1,"model":"up","stream":false}'],
  ])('%s asks for usage all the same', async (json, expected) => {
    expect(await textFor(json, aServed('up', { set: { a: 1 } }))).toBe(expected);
  });

  test('the usage event is hidden where only we asked for it, whatever the name', async () => {
    expect(await hides('{"model":"m","stream":true}')).toBe(true);
    expect(await hides('{"model":"m","stream":true,"stream_options":{"include_usage":true}}')).toBe(
      false,
    );
    expect(await hides('{"model":"m"}')).toBe(false);
  });

  test('who knows it by the name asked for gets the very bytes that came', async () => {
    const json = Buffer.from(' {"model" : "m"}\n');
    const call = { ...aCall([]), body: Readable.from([json], { objectMode: false }) };
    const body = bodyFor(await readBody(call, embeddings, 1000), aServed('m'), null);
    expect(body.kind === 'bytes' && body.bytes).toBe(json);
  });

  test('one credential after the other can have it', async () => {
    const request = await readBody(aCall(['{"model":"m"}']), embeddings, 1000);
    for (const name of ['a', 'longer', 'm', 'a']) {
      const body = bodyFor(request, aServed(name), null);
      expect(body.kind === 'bytes' && body.bytes.toString()).toBe(`{"model":"${name}"}`);
    }
  });

  test('a body whose model is not read stays as it is', async () => {
    const json = '{"model":"m","input":"x"}';
    expect(await textFor(json, aServed('up', { set: { a: 1 } }), moderations)).toBe(json);
  });
});

const pass = async (call: Call, bytesMax: number) => {
  const { body } = await readBody(call, { ...filesCreate, bodyLimitMb: 1 }, bytesMax);
  if (body.kind !== 'stream') throw new Error('It should stream.');
  const passed: Buffer[] = [];
  const outcome = await (async () => {
    for await (const piece of body.rest) passed.push(piece);
    return 'whole';
  })().catch((error: unknown) => error);
  return { outcome, text: Buffer.concat(passed).toString(), violation: body.rest.violation };
};

describe('an opaque body', () => {
  test('passes as it came', async () => {
    const { outcome, text, violation } = await pass(aCall(['ab', 'cd', 'e']), 5);
    expect({ outcome, text, violation }).toEqual({
      outcome: 'whole',
      text: 'abcde',
      violation: null,
    });
  });

  test('breaks off where it grows over the limit, and says that it is at fault', async () => {
    const { outcome, text, violation } = await pass(aCall(['abc', 'def', 'ghi']), 5);
    expect(violation).toMatchObject({ code: 'payload_too_large' });
    expect(outcome).toBe(violation);
    expect('abcdef'.startsWith(text)).toBe(true);
  });
});
