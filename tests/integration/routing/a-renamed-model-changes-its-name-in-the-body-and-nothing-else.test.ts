import { randomBytes } from 'node:crypto';
import { expect, test } from '@jest/globals';
import { startGateway } from '../../support/gateway.ts';
import type { Gateway } from '../../support/gateway.ts';
import { openaiOf } from '../../support/openai-client.ts';
import { isFinished, poolAt, startUpstream } from '../proxy/fixture.ts';
import type { Upstream } from '../proxy/fixture.ts';
import { received, servers, startFleet } from './fixture.ts';

/** Spelled as no library would: whoever parses and writes it again is found out. */
const oddBody = (model: string) =>
  '{ "messages":\t[{"content":"\\u00e9\\ud83d\\ude00 é\\/ \\"model\\":\\"fast\\"","role":"user"}],\r\n' +
  ` "seed":9007199254740993, "top_p":1e999,"nested":{"model":"fast"}, "model" : ${model} ,"n":1}\n`;

async function gatewayTo(
  models: object[],
  answer = '{"object":"chat.completion","choices":[]}',
): Promise<{ gateway: Gateway; upstream: Upstream }> {
  const upstream = await startUpstream((response) => {
    response.writeHead(200, { 'content-type': 'application/json' });
    response.end(answer);
  });
  const pool = { ...poolAt(upstream.baseUrl), models };
  return { gateway: await startGateway({ pool }), upstream };
}

test.each([
  ['an alias', { name: 'fast', upstream: 'gpt-4o-mini' }, 'fast', 'gpt-4o-mini'],
  ['a prefix that is cut', { name: 'house/*', upstream: '*' }, 'house/gpt-4o', 'gpt-4o'],
  ['a part that is moved', { name: '*-at-*', upstream: '*/*' }, 'gpt-4o-at-home', 'gpt-4o/home'],
  ['a prefix in another case', { name: 'HOUSE/*', upstream: '*' }, 'house/Gpt-4O', 'Gpt-4O'],
])('%s: all other bytes arrive as they were sent', async (_name, rule, model, upstreamModel) => {
  const { gateway, upstream } = await gatewayTo([rule]);
  const body = oddBody(JSON.stringify(model));
  const response = await gateway.fetch('/v1/chat/completions', { body });
  expect(response.status).toBe(200);
  expect(upstream.bodies.map(String)).toEqual([oddBody(JSON.stringify(upstreamModel))]);
});

test('a name that is written with escapes is found, and replaced in place', async () => {
  const { gateway, upstream } = await gatewayTo([{ name: 'fast', upstream: 'gpt-4o-mini' }]);
  await gateway.fetch('/v1/chat/completions', { body: oddBody('"f\\u0061st"') });
  expect(upstream.bodies.map(String)).toEqual([oddBody('"gpt-4o-mini"')]);
});

test('a renamed stream still tells its usage, which its client did not ask for', async () => {
  const gateway = await startFleet({
    pool: { models: [{ name: 'fast', upstream: 'gpt-4o-mini' }] },
    members: [{}],
  });
  const text = await (await gateway.chat({ model: 'fast', stream: true })).text();
  expect(text).toContain('[DONE]');
  expect(text).not.toContain('"usage":{');
  expect((await gateway.records())[0]).toMatchObject({
    model: 'fast',
    usageSource: 'reported',
    isStream: true,
  });
});

test('the upstream’s name is what is charged; the client’s is on record', async () => {
  const gateway = await startFleet({
    pool: { models: [{ name: 'fast', upstream: 'gpt-4o-mini' }] },
    members: [{}],
  });
  expect((await gateway.chat({ model: 'fast' })).status).toBe(200);
  expect((await gateway.chat({ model: 'gpt-4o-mini' })).status).toBe(200);
  expect(received(gateway).map(({ model }) => model)).toEqual(['gpt-4o-mini', 'gpt-4o-mini']);
  const [renamed, plain] = await gateway.records();
  const [told] = gateway.sandbox.witness.entries.filter(isFinished);
  expect(renamed).toMatchObject({
    model: 'fast',
    isPriced: true,
    costNano: BigInt(told?.costNano ?? 0),
  });
  expect(renamed?.costNano).toBeGreaterThan(0n);
  expect(renamed?.priceId).toBe(plain?.priceId);
  expect(renamed?.attempts).toMatchObject([{ model: 'gpt-4o-mini', verdict: 'served' }]);
  expect(plain?.attempts[0]).not.toHaveProperty('model');
});

test('one name for two upstream models: each credential gets its own, and is charged for it', async () => {
  const gateway = await startFleet({
    pool: {
      strategy: 'priority',
      models: [
        { name: 'ours-1', upstream: 'gpt-4o', credentials: ['cred-1'] },
        { name: 'ours-1', upstream: 'gpt-4o-mini', credentials: ['cred-2'] },
      ],
    },
    members: [{ offers: ['gpt-4o'] }, { offers: ['gpt-4o-mini'], fields: { priority: 2 } }],
  });
  gateway.sandbox.faults.set('cred-1', 'status;code=429', { times: 1 });
  expect((await gateway.chat({ model: 'ours-1' })).status).toBe(200);
  expect(servers(gateway)).toEqual(['cred-1', 'cred-2']);
  expect(received(gateway).map(({ model }) => model)).toEqual(['gpt-4o', 'gpt-4o-mini']);
  const [record] = await gateway.records();
  expect(record?.attempts.map(({ model }) => model)).toEqual(['gpt-4o', 'gpt-4o-mini']);
  const told = gateway.sandbox.witness.entries.filter(isFinished).at(-1);
  expect(record?.costNano).toBe(BigInt(told?.costNano ?? 0));
  // Held was what the dearer of the two may cost: as much as for that one by its own name.
  gateway.clock.advance(60_000);
  expect((await gateway.chat({ model: 'gpt-4o' })).status).toBe(200);
  const [, dearer] = await gateway.records();
  expect(record?.holdNano).toBe(dearer?.holdNano);
});

test.each([
  ['a small form', 1000, true],
  ['a small form with its file first', 1000, false],
  ['a form that streams through', 2_000_000, true],
])('%s: the model is renamed in it, and no other byte', async (_name, size, isModelFirst) => {
  const { gateway, upstream } = await gatewayTo(
    [{ name: 'hear', upstream: 'gpt-4o-mini-transcribe' }],
    '{"text":"hello"}',
  );
  const file = randomBytes(size);
  const form = (model: string) => {
    const field = Buffer.from(`content-disposition: form-data; name="model"\r\n\r\n${model}`);
    const sound = Buffer.concat([
      Buffer.from('Content-Disposition: form-data; name="file"; filename="model"\r\n\r\n'),
      file,
    ]);
    const parts = isModelFirst ? [field, sound] : [sound, field];
    return Buffer.concat([
      ...parts.flatMap((part) => [Buffer.from('--b o\r\n'), part, Buffer.from('\r\n')]),
      Buffer.from('--b o--\r\n'),
    ]);
  };
  const response = await gateway.fetch('/v1/audio/transcriptions', {
    body: form('hear'),
    headers: { 'content-type': 'multipart/form-data; boundary="b o"' },
  });
  expect(response.status).toBe(200);
  expect(upstream.bodies).toHaveLength(1);
  expect(upstream.bodies[0]?.equals(form('gpt-4o-mini-transcribe'))).toBe(true);
  const [record] = await gateway.records();
  expect(record).toMatchObject({ model: 'hear' });
  expect(record?.attempts[0]?.model).toBe('gpt-4o-mini-transcribe');
});

test('the SDK’s transcription under an alias is served and charged as the upstream’s', async () => {
  const gateway = await startFleet({
    pool: { models: [{ name: 'hear', upstream: 'gpt-4o-mini-transcribe' }] },
    members: [{}],
  });
  const hear = (model: string) => {
    const file = new File([Buffer.alloc(4000)], 'sound.mp3', { type: 'audio/mpeg' });
    return openaiOf(gateway).audio.transcriptions.create({ file, model });
  };
  const heard = await hear('hear');
  expect(heard).toEqual(await hear('gpt-4o-mini-transcribe'));
  expect(heard.text).toMatch(/./);
  expect(received(gateway)[0]?.model).toBe('gpt-4o-mini-transcribe');
  const [renamed, plain] = await gateway.records();
  expect(renamed).toMatchObject({ model: 'hear', isPriced: true });
  expect(renamed?.costNano).toBeGreaterThan(0n);
  expect(renamed?.costNano).toBe(plain?.costNano);
});
