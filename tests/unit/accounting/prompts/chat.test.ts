import { describe, expect, test } from '@jest/globals';
import { chatPrompt, responsesPrompt } from '../../../../src/accounting/prompts/chat.ts';
import type { Prompt } from '../../../../src/accounting/prompts/prompt.ts';
import { tokensOfText } from '../../../support/token-count.ts';

const sum = ({ texts, tokens }: Prompt, encoding: string): number =>
  texts.reduce((all, text) => all + tokensOfText(text, encoding), tokens);

const message = (role: string, content: unknown, more: object = {}) => ({ role, content, ...more });

/** The frame of nothing: what makes room for the answer. */
const FRAME = 3;
/** Of a message whose role is one token. */
const MESSAGE = 4;

// What OpenAI's API says of these very prompts:
// https://cookbook.openai.com/examples/how_to_count_tokens_with_tiktoken
describe('as OpenAI counts', () => {
  const jargon = [
    message(
      'system',
      'You are a helpful, pattern-following assistant that translates corporate jargon into plain English.',
    ),
    message('system', 'New synergies will help drive top-line growth.', { name: 'example_user' }),
    message('system', 'Things working well together will increase revenue.', {
      name: 'example_assistant',
    }),
    message(
      'system',
      "Let's circle back when we have more bandwidth to touch base on opportunities for increased leverage.",
      { name: 'example_user' },
    ),
    message('system', "Let's talk later when we're less busy about how to do better.", {
      name: 'example_assistant',
    }),
    message(
      'user',
      "This late pivot means we don't have time to boil the ocean for the client deliverable.",
    ),
  ];
  const weather = [
    message(
      'system',
      'You are a helpful assistant that can answer to questions about the weather.',
    ),
    message('user', "What's the weather like in San Francisco?"),
  ];
  const unit = {
    type: 'string',
    description: 'The unit of temperature to return',
    enum: ['celsius', 'fahrenheit'],
  };
  const location = {
    type: 'string',
    description: 'The city and state, e.g. San Francisco, CA',
  };
  const called = {
    name: 'get_current_weather',
    description: 'Get the current weather in a given location',
    parameters: { type: 'object', properties: { location, unit }, required: ['location'] },
  };
  const tools = [{ type: 'function', function: called }];

  test.each([
    ['gpt-4', 'cl100k_base', { messages: jargon }, 129],
    ['gpt-3.5-turbo', 'cl100k_base', { messages: jargon }, 129],
    ['gpt-4o', 'o200k_base', { messages: jargon }, 124],
    ['gpt-4', 'cl100k_base', { messages: weather, tools }, 105],
    ['gpt-3.5-turbo', 'cl100k_base', { messages: weather, tools }, 105],
    ['gpt-4o', 'o200k_base', { messages: weather, tools }, 101],
    ['gpt-4o-mini', 'o200k_base', { messages: weather, tools }, 101],
  ])('%s (%s)', (model, encoding, fields, tokens) => {
    expect(sum(chatPrompt(model, fields), encoding)).toBe(tokens);
  });

  test('and the Responses API alike, whose tools are not wrapped', () => {
    const fields = { input: weather, tools: [{ type: 'function', ...called }] };
    expect(sum(responsesPrompt('gpt-4o', fields), 'o200k_base')).toBe(101);
  });

  test('and older calls, which have functions', () => {
    const fields = { messages: weather, functions: [called] };
    expect(sum(chatPrompt('gpt-4', fields), 'cl100k_base')).toBe(105);
  });
});

describe('a chat has', () => {
  test.each<[string, unknown, texts: string[], tokens: number]>([
    [
      'the text of parts',
      [
        { type: 'text', text: 'a' },
        { type: 'refusal', refusal: 'b' },
      ],
      ['a', 'b'],
      0,
    ],
    ['no text where there is none', null, [], 0],
    ['a picture at high detail', [{ type: 'image_url', image_url: { url: 'https://x' } }], [], 765],
    [
      'a picture at low detail',
      [{ type: 'image_url', image_url: { url: 'data:image/png;base64,AAAA', detail: 'low' } }],
      [],
      85,
    ],
    ['a file by its size', [{ type: 'file', file: { file_data: 'x'.repeat(400) } }], [], 100],
    ['nothing of a file that is elsewhere', [{ type: 'file', file: { file_id: 'f' } }], [], 0],
  ])('%s', (_name, content, texts, tokens) => {
    const prompt = chatPrompt('gpt-4o', { messages: [message('user', content)] });
    expect(prompt).toMatchObject({ texts: ['user', ...texts], tokens: FRAME + 3 + tokens });
  });

  test('pictures that cost more at the smaller model', () => {
    const picture = { type: 'image_url', image_url: { url: 'x' } };
    const { tokens } = chatPrompt('openai/gpt-4o-mini', { messages: [message('user', [picture])] });
    expect(tokens).toBe(FRAME + 3 + 25_501);
  });

  test.each([
    ['wav', 64_000, 10],
    ['mp3', 21_000, 10],
    ['another', 42_000, 20],
  ])('sound by its length: %s', (format, size, tokens) => {
    const part = { type: 'input_audio', input_audio: { data: 'A'.repeat(size), format } };
    const prompt = chatPrompt('gpt-4o-audio-preview', { messages: [message('user', [part])] });
    expect(prompt).toMatchObject({ tokens: FRAME + 3, audioTokens: tokens });
  });

  test('calls of tools, and what they answered', () => {
    const call = { id: 'c', type: 'function', function: { name: 'look', arguments: '{"at":1}' } };
    const messages = [
      message('assistant', null, { tool_calls: [call] }),
      message('tool', 'found', { tool_call_id: 'c' }),
    ];
    expect(chatPrompt('gpt-4o', { messages })).toMatchObject({
      texts: ['assistant', 'look', '{"at":1}', 'tool', 'found'],
      tokens: FRAME + 3 * 3,
    });
  });

  test('the form that its answer is to have', () => {
    const schema = { type: 'object', properties: {} };
    const json_schema = { name: 'x', schema };
    const { texts } = chatPrompt('m', { response_format: { type: 'json_schema', json_schema } });
    expect(texts).toEqual([JSON.stringify(schema)]);
  });

  test('tools within tools, and tools that are no functions', () => {
    const inner = { type: 'object', properties: { x: { type: 'number' } } };
    const properties = { list: { type: 'array', items: inner }, one: inner };
    const tools = [
      { type: 'function', function: { name: 'f', parameters: { properties } } },
      { type: 'web_search' },
    ];
    const { texts, tokens } = chatPrompt('gpt-4o', { tools });
    expect(texts).toEqual([
      'f:',
      'list:array:',
      'x:number:',
      'one:object:',
      'x:number:',
      '{"type":"web_search"}',
    ]);
    expect(tokens).toBe(FRAME + 7 + 3 * 3 + 4 * 3 + 12);
  });

  test.each<[string, Record<string, unknown>]>([
    ['no messages', {}],
    ['messages that are none', { messages: 'hello' }],
    ['a list of nothing', { messages: [null, 1, 'x', []] }],
    ['tools that are none', { tools: { a: 1 }, messages: [] }],
    ['a form that is none', { response_format: 'json', messages: [] }],
  ])('its frame alone, of %s', (_name, fields) => {
    expect(chatPrompt('m', fields)).toMatchObject({ texts: [], tokens: FRAME, audioTokens: 0 });
  });
});

describe('a response has', () => {
  test.each<[string, Record<string, unknown>, texts: string[], messages: number]>([
    ['a text', { input: 'hello' }, ['user', 'hello'], 1],
    [
      'instructions',
      { instructions: 'be kind', input: 'hello' },
      ['system', 'be kind', 'user', 'hello'],
      2,
    ],
    [
      'items',
      {
        input: [
          { role: 'user', content: [{ type: 'input_text', text: 'a' }] },
          { type: 'function_call', name: 'look', arguments: '{}', call_id: 'c' },
          { type: 'function_call_output', output: 'found', call_id: 'c' },
          { type: 'reasoning', summary: [{ type: 'summary_text', text: 'so' }] },
        ],
      },
      ['user', 'a', '{}', 'look', 'found', 'so'],
      4,
    ],
    [
      'a form',
      { input: 'a', text: { format: { type: 'json_schema', schema: {} } } },
      ['user', 'a', '{}'],
      1,
    ],
  ])('%s', (_name, fields, texts, messages) => {
    const prompt = responsesPrompt('gpt-4o', fields);
    expect(prompt.texts).toEqual(texts);
    expect(prompt.tokens).toBe(FRAME + messages * (MESSAGE - 1) + (texts.includes('look') ? 1 : 0));
  });

  test('pictures, whose address is no object there', () => {
    const picture = { type: 'input_image', image_url: 'https://x', detail: 'low' };
    const { tokens } = responsesPrompt('gpt-4o', { input: [message('user', [picture])] });
    expect(tokens).toBe(FRAME + 3 + 85);
  });
});
