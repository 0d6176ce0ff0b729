import { rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { seededRandom } from '../../../src/lib/random.ts';
import { startGateway } from '../../support/gateway.ts';
import type { Gateway, GatewayOptions } from '../../support/gateway.ts';
import { publishedCost } from '../../support/oracle.ts';
import { tokensOfChat, tokensOfText } from '../../support/token-count.ts';
import {
  afterwards,
  isFinished,
  poolAt,
  rawChat,
  readSocket,
  startUpstream,
  until,
} from './fixture.ts';
import { SYSTEM } from '../../../src/services/actor.ts';

const MODEL = 'gpt-4o-mini';
const HELLO = [{ role: 'user', content: 'Hello' }];
const NOT_TOLD = { 'x-sandbox-fault': 'no-usage' };

interface Chunk {
  choices?: { delta?: { content?: string }; message?: { content?: string }; text?: string }[];
}

/** What an answer says, JSON or a stream. */
const textIn = (body: string): string =>
  (body.startsWith('{') ? [body] : body.split('\n\n').map((event) => event.slice('data: '.length)))
    .filter((json) => json.startsWith('{'))
    .flatMap((json) => (JSON.parse(json) as Chunk).choices ?? [])
    .map(({ delta, message, text }) => delta?.content ?? message?.content ?? text ?? '')
    .join('');

async function theRecord(gateway: Gateway) {
  await until(async () => (await gateway.records()).length > 0);
  const [record, ...others] = await gateway.records();
  if (record === undefined) throw new Error('the call is not on record');
  expect(others).toEqual([]);
  return record;
}

/** The count, and its cost at published prices, of an independent judge. */
async function expectCounted(gateway: Gateway, input: number, output: number, model = MODEL) {
  const record = await theRecord(gateway);
  const costNano = publishedCost(model, { prompt_tokens: input, completion_tokens: output });
  expect(record).toMatchObject({ usageSource: 'counted', input, output, costNano });
  return record;
}

/** With prices of its own. */
async function gatewayAt(prices: object[], options: GatewayOptions = {}): Promise<Gateway> {
  const file = join(tmpdir(), `tollgate-prices-${process.pid}-${prices.length}.yaml`);
  await writeFile(file, JSON.stringify({ prices }));
  afterwards(() => rm(file));
  return await startGateway({ ...options, env: { TOLLGATE_CONFIG: file } });
}

describe('the tokenizer counts prompt and answer', () => {
  test.each<[string, Record<string, unknown>, string]>([
    ['of a chat', {}, 'no-usage'],
    ['of a stream', { stream: true }, 'no-usage'],
    [
      'of a stream that should have told it',
      { stream: true, stream_options: { include_usage: true } },
      'no-usage',
    ],
    ['of a chat whose usage is a lie', {}, 'usage-bad;kind=negative'],
    ['of a stream whose usage is a lie', { stream: true }, 'usage-bad;kind=huge'],
    ['of text that is not English', { stream: true }, 'foreign-text|no-usage'],
  ])('%s', async (_name, asked, fault) => {
    const gateway = await startGateway();
    const messages = [
      { role: 'system', content: 'Be brief, and say お誕生日おめでとう where it fits.' },
      ...HELLO,
    ];
    const response = await gateway.chat({ messages, ...asked }, { 'x-sandbox-fault': fault });
    const said = textIn(await response.text());
    expect(said).not.toBe('');
    await expectCounted(gateway, tokensOfChat(messages), tokensOfText(said));
  });

  test('of three choices, each by itself', async () => {
    const gateway = await startGateway();
    const response = await gateway.chat({ n: 3, stream: true }, NOT_TOLD);
    const chunks = (await response.text())
      .split('\n\n')
      .filter((each) => each.startsWith('data: {'));
    const said = ['', '', ''];
    for (const chunk of chunks) {
      const { choices } = JSON.parse(chunk.slice('data: '.length)) as {
        choices: { index: number; delta: { content?: string } }[];
      };
      for (const { index, delta } of choices) said[index] += delta.content ?? '';
    }
    const tokens = said.reduce((sum, text) => sum + tokensOfText(text), 0);
    await expectCounted(gateway, tokensOfChat(HELLO), tokens);
  });

  test.each<[string, string, Record<string, unknown>, number]>([
    ['a completion', '/v1/completions', { prompt: ['Hello there', 'you'] }, 3],
    ['a response', '/v1/responses', { input: 'Hello there' }, 3 + 3 + 1 + 2],
  ])('of %s', async (_name, path, asked, input) => {
    const gateway = await startGateway();
    const body = { model: MODEL, ...asked };
    const response = await gateway.fetch(path, { body, headers: NOT_TOLD });
    const answer = await response.text();
    const { output } = JSON.parse(answer) as { output?: { content: { text: string }[] }[] };
    const said = output?.[0]?.content[0]?.text ?? textIn(answer);
    await expectCounted(gateway, input, tokensOfText(said));
  });

  test('of embeddings, whose models count as older ones', async () => {
    const gateway = await startGateway();
    const input = ['お誕生日おめでとう', 'one'];
    const model = 'text-embedding-3-small';
    await gateway.fetch('/v1/embeddings', { body: { model, input }, headers: NOT_TOLD });
    await expectCounted(gateway, 9 + 1, 0, model);
  });
});

describe('what was produced is charged when', () => {
  test('its client leaves in the middle', async () => {
    const gateway = await startGateway();
    gateway.sandbox.faults.set('cred-1', 'stall-after-chunks;n=6');
    const socket = rawChat(gateway, { stream: true });
    let said = '';
    await new Promise<void>((resolve) => {
      let all = '';
      socket.on('data', (bytes: Buffer) => {
        all += bytes.toString('latin1');
        const events = all.split('\n').filter((line) => line.startsWith('data: {'));
        if (events.length < 6) return;
        said = textIn(events.join('\n\n'));
        resolve();
      });
    });
    expect(said).not.toBe('');
    socket.destroy();
    const record = await expectCounted(gateway, tokensOfChat(HELLO), tokensOfText(said));
    expect(record).toMatchObject({ outcome: 'partial', reason: 'client_closed_request' });
  });

  test('its upstream breaks off', async () => {
    const gateway = await startGateway();
    const fault = { 'x-sandbox-fault': 'cut-after-chunks;n=6' };
    const said = textIn(await (await gateway.chat({ stream: true }, fault)).text());
    const record = await expectCounted(gateway, tokensOfChat(HELLO), tokensOfText(said));
    expect(record).toMatchObject({ outcome: 'partial', reason: 'upstream_stream_interrupted' });
  });

  test.each<[string, object, 'counted' | 'estimated', output: number]>([
    [
      'the arguments of a function',
      { function_call: { name: 'look', arguments: '{"at":"the sea"}' } },
      'counted',
      tokensOfText('look{"at":"the sea"}'),
    ],
    ['sound', { audio: { data: 'A'.repeat(60_000), transcript: 'Hi' } }, 'estimated', 1024],
    ['a picture', { images: [{ image_url: { url: 'A'.repeat(60_000) } }] }, 'estimated', 1024],
  ])('its client leaves behind %s', async (_name, delta, usageSource, output) => {
    const upstream = await startUpstream((response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.write(`data: ${JSON.stringify({ choices: [{ index: 0, delta }] })}\n\n`);
    });
    const gateway = await startGateway({ pool: poolAt(upstream.baseUrl) });
    const socket = rawChat(gateway, { stream: true });
    await readSocket(socket, (text) => text.includes('}]}\n\n'));
    socket.destroy();
    const record = await theRecord(gateway);
    const input = tokensOfChat(HELLO);
    const costNano = publishedCost(MODEL, { prompt_tokens: input, completion_tokens: output });
    const charged = { usageSource, input, output, costNano, isPriced: true };
    expect(record).toMatchObject({
      outcome: 'partial',
      reason: 'client_closed_request',
      ...charged,
    });
  });

  test('it is speech, of which no event tells a text', async () => {
    const upstream = await startUpstream((response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.write('data: {"type":"speech.audio.delta","audio":"AAAA"}\n\n');
      response.write('data: {"type":"speech.audio.delta","audio":"AAAA"}\n\n', () =>
        response.destroy(),
      );
    });
    const gateway = await startGateway({ pool: poolAt(upstream.baseUrl) });
    const body = { model: 'gpt-4o-mini-tts', input: 'a'.repeat(1000), stream_format: 'sse' };
    await (await gateway.fetch('/v1/audio/speech', { body })).text();
    const record = await theRecord(gateway);
    expect(record).toMatchObject({ outcome: 'partial', usageSource: 'estimated', isPriced: true });
    // A thousand letters take a minute, for which OpenAI says $0.015, and have $0.6 a million tokens.
    expect(record.output).toBe(60 * 21);
    expect(Number(record.costNano) / 1e9).toBeCloseTo(0.0151, 3);
  });
});

test('of 5 MB of random letters a part is counted, and stands for all', async () => {
  const gateway = await startGateway();
  const random = seededRandom(5);
  const size = 5_000_000;
  const letters = Uint8Array.from({ length: size }, () => 97 + Math.floor(random() * 26));
  const content = Buffer.from(letters).toString('latin1');
  const messages = [{ role: 'user', content }];
  await (await gateway.chat({ messages }, NOT_TOLD)).text();
  const record = await theRecord(gateway);
  expect(record.usageSource).toBe('counted');
  const part = tokensOfText(content.slice(0, 2000)) * (size / 2000);
  expect(Math.abs(record.input / part - 1)).toBeLessThan(0.05);
});

test('what is told is charged as told, and not counted', async () => {
  const gateway = await startGateway();
  await (await gateway.chat({ stream: true })).text();
  const record = await theRecord(gateway);
  const finished = gateway.sandbox.witness.entries.findLast(isFinished);
  expect(record).toMatchObject({ usageSource: 'reported' });
  expect(record.costNano).toBe(publishedCost(MODEL, finished?.usage ?? {}));
});

test('a call that is being counted takes no place among those at once', async () => {
  const gateway = await startGateway();
  await gateway.space.keys.update(SYSTEM, gateway.keyId, { concurrencyLimit: 1 });
  await until(async () => {
    const response = await gateway.chat({}, NOT_TOLD);
    await response.text();
    return response.status === 200;
  });
  // The vocabulary takes far longer than an answer.
  for (let call = 0; call < 5; call += 1) {
    const content = 'a word '.repeat(30_000);
    const messages = [{ role: 'user', content }];
    const response = await gateway.chat({ messages }, NOT_TOLD);
    expect(response.status).toBe(200);
    await response.text();
  }
  const records = await gateway.records();
  expect(records.map(({ usageSource }) => usageSource)).toEqual(records.map(() => 'counted'));
});

test('a stop waits for the count, so that no call is lost', async () => {
  const gateway = await startGateway();
  await (await gateway.chat({}, NOT_TOLD)).text();
  await gateway.app.close(0);
  expect(gateway.logs()).not.toContain('settlement came after');
  expect(gateway.logs()).toContain('call settled');
});

describe('by its price', () => {
  test('speech costs its characters', async () => {
    const gateway = await gatewayAt([{ model: 'tts-1', input: 15 }]);
    const input = 'Grüße aus dem Zug';
    const body = { model: 'tts-1', input, voice: 'alloy' };
    await (await gateway.fetch('/v1/audio/speech', { body })).arrayBuffer();
    const record = await theRecord(gateway);
    expect(record).toMatchObject({ usageSource: 'counted', input: 17, costNano: 17n * 15_000n });
    expect(record.isPriced).toBe(true);
    const finished = gateway.sandbox.witness.entries.findLast(isFinished);
    expect(String(record.costNano)).toBe(finished?.costNano);
  });

  test('a transcript that tells no usage costs the time of its sound', async () => {
    const gateway = await startGateway();
    const body = new FormData();
    body.set('model', 'whisper-1');
    body.set('response_format', 'text');
    body.set('file', new Blob([Buffer.alloc(80_000)]), 'a.mp3');
    await (await gateway.fetch('/v1/audio/transcriptions', { body })).text();
    const record = await theRecord(gateway);
    expect(record).toMatchObject({ usageSource: 'estimated', isPriced: true, output: 0 });
    // Ten seconds and what frames them, at $0.36 an hour.
    expect(record.audioMillis).toBeGreaterThan(10_000);
    expect(record.audioMillis).toBeLessThan(10_200);
    expect(record.costNano).toBe(
      (BigInt(record.audioMillis) * 360_000_000n + 3_599_999n) / 3_600_000n,
    );
  });

  test.each([
    ['told', {}],
    ['not told', NOT_TOLD],
  ])('a request has its fee, once, where its tokens are %s', async (_name, headers) => {
    const prices = [
      { model: MODEL, input: 0.15, output: 0.6, request: 0.005 },
      { model: 'x', input: 1 },
    ];
    const gateway = await gatewayAt(prices);
    await (await gateway.chat({ stream: true }, headers)).text();
    const record = await theRecord(gateway);
    const { input, output, cacheRead } = record;
    expect([record.requests, cacheRead]).toEqual([1, 0]);
    const tokens = publishedCost(MODEL, { prompt_tokens: input, completion_tokens: output }) ?? 0n;
    expect(record.costNano).toBe(tokens + 5_000_000n);
    expect(record.holdNano).toBeGreaterThan(5_000_000n);
  });
});
