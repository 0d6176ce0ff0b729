import { Readable } from 'node:stream';
import { describe, expect, test } from '@jest/globals';
import type { Call } from '../../../src/proxy/call.ts';
import { chatCompletions } from '../../../src/proxy/endpoints/chat-completions.ts';
import { filesCreate } from '../../../src/proxy/endpoints/files.ts';
import { readBody } from '../../../src/proxy/read-body.ts';

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
