import type { GoldenStream } from './golden.ts';

const CHAT = 'chat.completions';
const says = (content: string, usage: unknown) => ({
  choices: [{ index: 0, delta: { content } }],
  usage,
});
const stops = { choices: [{ index: 0, delta: {}, finish_reason: 'stop' }] };
const tells = (usage: unknown) => ({ choices: [], usage });
const WITH_USAGE = 'https://platform.openai.com/docs/api-reference/chat-streaming';
/** The fault catalogue's cases U65 to U68: nobody documents these. */
const FAULTS = 'U65-U68';

export const streams: GoldenStream[] = [
  {
    name: 'OpenAI: null in every chunk but the last',
    source: WITH_USAGE,
    endpoint: CHAT,
    events: [
      says('a', null),
      { ...stops, usage: null },
      tells({ prompt_tokens: 19, completion_tokens: 10, total_tokens: 29 }),
    ],
    units: { input: 19, output: 10 },
  },
  {
    name: 'Gemini: the sum so far in every chunk, thoughts in the total alone',
    source:
      'https://discuss.ai.google.dev/t/endpoint-https-generativelanguage-googleapis-com-v1beta-openai-chat-completions-is-not-compliant-with-api-specs/127400',
    endpoint: CHAT,
    events: [
      says('1', { completion_tokens: 1, prompt_tokens: 9, total_tokens: 103 }),
      says(', ', { completion_tokens: 3, prompt_tokens: 9, total_tokens: 105 }),
      { ...stops, usage: { completion_tokens: 3, prompt_tokens: 9, total_tokens: 105 } },
    ],
    units: { input: 9, output: 3, reasoning: 93 },
  },
  {
    name: 'Perplexity: the sum so far in every chunk, its fee in the last',
    source: 'https://docs.perplexity.ai/guides/streaming-responses',
    endpoint: CHAT,
    events: [
      says('a', { prompt_tokens: 22, completion_tokens: 1, total_tokens: 23 }),
      says('b', { prompt_tokens: 22, completion_tokens: 2, total_tokens: 24 }),
      {
        ...stops,
        usage: {
          prompt_tokens: 22,
          completion_tokens: 2,
          total_tokens: 24,
          search_context_size: 'low',
          cost: { request_cost: 0.005, total_cost: 0.005024 },
        },
      },
    ],
    units: { input: 22, output: 2, requests: 1 },
  },
  {
    name: 'Groq: in `x_groq` of the last chunk',
    source: 'https://console.groq.com/docs/api-reference#chat-create',
    endpoint: CHAT,
    events: [
      { choices: [{ index: 0, delta: { content: 'a' } }], x_groq: { id: 'req_1' } },
      {
        ...stops,
        x_groq: {
          id: 'req_1',
          usage: { queue_time: 0.06, prompt_tokens: 18, completion_tokens: 439, total_tokens: 457 },
        },
      },
    ],
    units: { input: 18, output: 439 },
  },
  {
    name: 'Groq: told twice, counted once',
    source: 'https://console.groq.com/docs/api-reference#chat-create',
    endpoint: CHAT,
    events: [
      {
        ...stops,
        x_groq: { usage: { prompt_tokens: 18, completion_tokens: 4, total_tokens: 22 } },
      },
      tells({ prompt_tokens: 18, completion_tokens: 4, total_tokens: 22 }),
    ],
    units: { input: 18, output: 4 },
  },
  {
    name: 'OpenRouter: behind the end of the text',
    source: 'https://openrouter.ai/docs/use-cases/usage-accounting',
    endpoint: CHAT,
    events: [
      says('a', undefined),
      stops,
      {
        choices: [{ index: 0, delta: { role: 'assistant', content: '' }, finish_reason: null }],
        usage: { prompt_tokens: 194, completion_tokens: 2, total_tokens: 196, cost: 0.95 },
      },
    ],
    units: { input: 194, output: 2 },
  },
  {
    name: 'OpenAI responses: null when it begins, told when it is complete',
    source: 'https://platform.openai.com/docs/api-reference/responses-streaming',
    endpoint: 'responses',
    events: [
      { type: 'response.created', response: { usage: null } },
      { type: 'response.output_text.delta', delta: 'a' },
      {
        type: 'response.completed',
        response: {
          usage: {
            input_tokens: 37,
            output_tokens: 11,
            output_tokens_details: { reasoning_tokens: 0 },
            total_tokens: 48,
          },
        },
      },
    ],
    units: { input: 37, output: 11 },
  },
  {
    name: 'OpenAI speech: told when it is done',
    source: 'https://platform.openai.com/docs/api-reference/audio/speech-audio-done-event',
    endpoint: 'audio.speech',
    events: [
      { type: 'speech.audio.delta', audio: 'AAAA' },
      {
        type: 'speech.audio.done',
        usage: { input_tokens: 14, output_tokens: 101, total_tokens: 115 },
      },
    ],
    units: { input: 14, output: 101 },
  },
  {
    name: 'OpenAI pictures: each tells its own',
    source: 'https://platform.openai.com/docs/api-reference/images-streaming',
    endpoint: 'images.generations',
    events: [
      { type: 'image_generation.partial_image', partial_image_index: 0 },
      {
        type: 'image_generation.completed',
        usage: { total_tokens: 100, input_tokens: 50, output_tokens: 50 },
      },
      {
        type: 'image_generation.completed',
        usage: { total_tokens: 90, input_tokens: 50, output_tokens: 40 },
      },
    ],
    units: { input: 100, output: 90 },
  },
  {
    name: 'none at all',
    source: FAULTS,
    endpoint: CHAT,
    events: [says('a', undefined), stops],
    units: null,
  },
  {
    name: 'repeated and growing: the last holds, nothing is summed up',
    source: FAULTS,
    endpoint: CHAT,
    events: [
      says('a', { prompt_tokens: 5, completion_tokens: 1, total_tokens: 6 }),
      says('b', { prompt_tokens: 5, completion_tokens: 2, total_tokens: 7 }),
      tells({ prompt_tokens: 5, completion_tokens: 2, total_tokens: 7 }),
    ],
    units: { input: 5, output: 2 },
  },
  {
    name: 'sound and then negative',
    source: FAULTS,
    endpoint: CHAT,
    events: [
      tells({ prompt_tokens: 5, completion_tokens: 2, total_tokens: 7 }),
      tells({ prompt_tokens: 5, completion_tokens: -2, total_tokens: 3 }),
    ],
    units: null,
  },
];
