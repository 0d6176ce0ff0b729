import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type OpenAI from 'openai';
import type { Sandbox } from '../../../src/sandbox/index.ts';
import { aSandbox, nextFinished, sdk } from './fixture.ts';

const messages: OpenAI.ChatCompletionMessageParam[] = [{ role: 'user', content: 'Hello there' }];
const model = 'gpt-4o-mini';
const weather: OpenAI.ChatCompletionTool = {
  type: 'function',
  function: {
    name: 'get_weather',
    parameters: {
      type: 'object',
      properties: {
        city: { type: 'string' },
        unit: { enum: ['C', 'F'] },
        days: { type: 'integer' },
      },
    },
  },
};

const textOf = (chunks: OpenAI.ChatCompletionChunk[], index = 0): string =>
  chunks
    .flatMap((chunk) => chunk.choices.filter((choice) => choice.index === index))
    .map((choice) => choice.delta.content ?? '')
    .join('');

describe('chat completions', () => {
  let sandbox: Sandbox;
  let client: OpenAI;

  beforeAll(async () => {
    sandbox = await aSandbox({ chunkCount: 6 });
    client = sdk(sandbox);
  });

  afterAll(() => sandbox.close());

  async function collect(
    fields: Partial<OpenAI.ChatCompletionCreateParamsStreaming> = {},
  ): Promise<OpenAI.ChatCompletionChunk[]> {
    const stream = await client.chat.completions.create({
      model,
      messages,
      ...fields,
      stream: true,
    });
    const chunks: OpenAI.ChatCompletionChunk[] = [];
    for await (const chunk of stream) chunks.push(chunk);
    return chunks;
  }

  test('the same prompt gives the same text, plain or streamed', async () => {
    const plain = await client.chat.completions.create({ model, messages });
    const chunks = await collect();
    expect(plain.choices[0]?.message.content).toMatch(/^[A-Z][a-z ]+\.$/);
    expect(textOf(chunks)).toBe(plain.choices[0]?.message.content);
    expect(chunks.filter((chunk) => chunk.choices[0]?.delta.content)).toHaveLength(6);
    expect(chunks.at(-1)?.choices[0]?.finish_reason).toBe('stop');
  });

  test('a stream says nothing of usage unless asked', async () => {
    const chunks = await collect();
    expect(chunks.every((chunk) => !('usage' in chunk))).toBe(true);
  });

  test('a stream asked for usage says null until a last chunk without choices', async () => {
    const seq = sandbox.witness.entries.length;
    const chunks = await collect({ stream_options: { include_usage: true } });
    const last = chunks.at(-1);
    expect(chunks.slice(0, -1).every((chunk) => chunk.usage === null)).toBe(true);
    expect(last?.choices).toEqual([]);
    expect(last?.usage?.total_tokens).toBe(
      (last?.usage?.prompt_tokens ?? 0) + (last?.usage?.completion_tokens ?? 0),
    );
    expect((await nextFinished(sandbox, seq)).usage).toEqual(last?.usage);
  });

  test('usage follows the rule: 1 token per 4 bytes, 3 more per message', async () => {
    const { usage, choices } = await client.chat.completions.create({ model, messages });
    expect(usage?.prompt_tokens).toBe(3 + Math.ceil('Hello there'.length / 4));
    expect(usage?.completion_tokens).toBe(
      Math.ceil((choices[0]?.message.content ?? '').length / 4),
    );
  });

  test('n gives that many different choices, interleaved in a stream', async () => {
    const plain = await client.chat.completions.create({ model, messages, n: 3 });
    const texts = plain.choices.map((choice) => choice.message.content);
    const chunks = await collect({ n: 3 });
    expect(new Set(texts).size).toBe(3);
    expect([0, 1, 2].map((index) => textOf(chunks, index))).toEqual(texts);
  });

  test.each(['max_tokens', 'max_completion_tokens'])('%s caps the output', async (field) => {
    const reply = await client.chat.completions.create({ model, messages, [field]: 2 });
    expect(reply.choices[0]?.finish_reason).toBe('length');
    expect(reply.choices[0]?.message.content).toHaveLength(8);
    expect(reply.usage?.completion_tokens).toBe(2);
  });

  test.each([
    ['required', { tool_choice: 'required' }],
    ['named', { tool_choice: { type: 'function', function: { name: 'get_weather' } } }],
    ['mentioned', { messages: [{ role: 'user', content: 'please call get_weather' }] }],
  ] as const)('a tool is called when %s, plain and streamed', async (_name, fields) => {
    const asked = { model, messages, tools: [weather], ...fields } as never;
    const plain: OpenAI.ChatCompletion = await client.chat.completions.create(asked);
    const call = plain.choices[0]?.message.tool_calls?.[0];
    const chunks = await collect(asked);
    const pieces = chunks.flatMap((chunk) => chunk.choices[0]?.delta.tool_calls ?? []);
    const streamed = pieces.map((piece) => piece.function?.arguments ?? '').join('');
    expect(plain.choices[0]?.finish_reason).toBe('tool_calls');
    expect(call?.type === 'function' && JSON.parse(call.function.arguments)).toEqual({
      city: expect.any(String),
      unit: 'C',
      days: expect.any(Number),
    });
    expect(call?.type === 'function' && call.function.arguments).toBe(streamed);
    expect(chunks.at(-1)?.choices[0]?.finish_reason).toBe('tool_calls');
  });

  test('no tool is called when none is wanted, or when its result was just given', async () => {
    const unwanted = await client.chat.completions.create({ model, messages, tools: [weather] });
    const answered = await client.chat.completions.create({
      model,
      tools: [weather],
      messages: [
        { role: 'user', content: 'get_weather' },
        { role: 'tool', tool_call_id: 'call_1', content: 'sunny' },
      ],
    });
    expect(unwanted.choices[0]?.message.tool_calls).toBeUndefined();
    expect(answered.choices[0]?.message.tool_calls).toBeUndefined();
  });

  test('a JSON schema is obeyed', async () => {
    const reply = await client.chat.completions.create({
      model,
      messages,
      response_format: {
        type: 'json_schema',
        json_schema: {
          name: 'sight',
          schema: { type: 'object', properties: { isOpen: { type: 'boolean' } } },
        },
      },
    });
    expect(JSON.parse(reply.choices[0]?.message.content ?? '')).toEqual({
      isOpen: expect.any(Boolean),
    });
  });

  test('log probabilities are told when they are asked for', async () => {
    const plain = await client.chat.completions.create({ model, messages, logprobs: true });
    const chunks = await collect({ logprobs: true });
    const tokens = plain.choices[0]?.logprobs?.content?.map(({ token }) => token) ?? [];
    const streamed = chunks.flatMap((chunk) => chunk.choices[0]?.logprobs?.content ?? []);
    expect(tokens.join('')).toBe(plain.choices[0]?.message.content);
    expect(streamed.map(({ token }) => token)).toEqual(tokens);
    expect((await client.chat.completions.create({ model, messages })).choices[0]?.logprobs).toBe(
      null,
    );
  });

  test('control headers set the number of chunks and the usage', async () => {
    const controlled = sdk(sandbox, {
      'x-sandbox-chunks': '20',
      'x-sandbox-usage': 'cached=12,reasoning=30',
    });
    const reply = await controlled.chat.completions.create({ model, messages });
    expect(reply.choices[0]?.message.content?.split(' ')).toHaveLength(20);
    expect(reply.usage).toMatchObject({
      prompt_tokens: 12,
      prompt_tokens_details: { cached_tokens: 12 },
      completion_tokens_details: { reasoning_tokens: 30 },
    });
    expect(reply.usage?.completion_tokens).toBeGreaterThan(30);
  });

  test('the reply echoes the model as it was asked', async () => {
    const reply = await client.chat.completions.create({ model: 'openai/gpt-4o-mini', messages });
    expect(reply.model).toBe('openai/gpt-4o-mini');
  });
});
