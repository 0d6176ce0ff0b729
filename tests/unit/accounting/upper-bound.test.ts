import { describe, expect, test } from '@jest/globals';
import { boundRules } from '../../../src/accounting/bounds/rules.ts';
import type { PriceSheet } from '../../../src/accounting/prices/price-row.ts';
import { upperBound } from '../../../src/accounting/upper-bound.ts';
import { noUsage } from '../../../src/entities/usage.ts';
import type { UsageClass } from '../../../src/entities/usage.ts';
import { GatewayError } from '../../../src/errors/gateway-error.ts';
import { endpoints } from '../../../src/proxy/endpoints/index.ts';
import { asked, boundOf, flat, ruleOf } from './bounds/ask.ts';
import type { Fields } from './bounds/ask.ts';

/** One nano-dollar for each unit of a class, so that costs read as units. */
const each = (...classes: UsageClass[]): PriceSheet =>
  flat(Object.fromEntries(classes.map((name) => [name, 1_000_000n])));
const TOKENS = each('input', 'output');

const hello = { messages: [{ role: 'user', content: 'hello' }] };

/** Room that a bound leaves for what a provider puts around a prompt. */
const AROUND = 1024;
const IMAGE = 48_169;

test('every endpoint that has a price has a rule', () => {
  const priced = endpoints.filter(({ meter }) => meter.kind === 'usage').map(({ id }) => id);
  expect(Object.keys(boundRules).toSorted()).toEqual(priced.toSorted());
});

const says = (content: unknown) => ({ messages: [{ role: 'user', content }], max_tokens: 1 });
const bodyBytes = (content: unknown) => Buffer.byteLength(JSON.stringify(says(content)));
const itemTokens = (item: object) =>
  boundOf('responses', { input: [item] }, TOKENS, 100)?.usage.input ?? 0;
const promptOf = (content: unknown) =>
  (boundOf('chat.completions', says(content), TOKENS)?.usage.input ?? 0) - AROUND - 8;

describe('the prompt', () => {
  test.each([
    ['ASCII', 'hello'],
    ['two bytes a letter', 'привет'],
    ['four bytes a sign', '😀😀'],
    [
      'parts',
      [
        { type: 'text', text: 'a' },
        { type: 'text', text: 'b' },
      ],
    ],
    ['nothing', null],
  ])('of %s has a token for each byte at most', (_name, content) => {
    expect(promptOf(content)).toBe(bodyBytes(content));
  });

  test('has a ceiling for a picture by its address', () => {
    const content = [{ type: 'image_url', image_url: { url: 'https://example.com/a.png' } }];
    expect(promptOf(content)).toBe(bodyBytes(content) + IMAGE);
  });

  test('counts the bytes of a picture in the body not as text', () => {
    const url = `data:image/png;base64,${'A'.repeat(100_000)}`;
    const content = [{ type: 'image_url', image_url: { url } }];
    expect(promptOf(content)).toBe(bodyBytes(content) - url.length + IMAGE);
  });

  test('counts sound by the longest that its bytes can last', () => {
    const data = 'A'.repeat(7_500);
    const content = [{ type: 'input_audio', input_audio: { data, format: 'mp3' } }];
    expect(promptOf(content)).toBe(bodyBytes(content) - data.length + 20 * 32);
  });

  test('counts a file of text as text', () => {
    const content = [{ type: 'file', file: { file_data: 'data:text/plain;base64,QUJD' } }];
    expect(promptOf(content)).toBe(bodyBytes(content));
  });

  test('counts pictures of an item that has text as well', () => {
    const call = { type: 'function_call_output', call_id: 'c', content: 'a' };
    const output = [{ type: 'input_image', image_url: 'https://example.com/a.png' }];
    expect(itemTokens({ ...call, output }) - itemTokens(call)).toBe(IMAGE + 8);
  });

  test('can be of sound only where there is some', () => {
    const dear = { ...each('input', 'output').rates, inputAudio: 9_000_000n };
    const sound = [{ type: 'input_audio', input_audio: { data: 'AAAA', format: 'wav' } }];
    const usageOf = (content: unknown) =>
      boundOf('chat.completions', { messages: [{ role: 'user', content }] }, flat(dear))?.usage;
    expect(usageOf('hello')?.inputAudio).toBe(0);
    expect(usageOf(sound)?.input).toBe(0);
    expect(usageOf(sound)?.inputAudio).toBeGreaterThan(0);
  });
});

const outputOf = (endpoint: string, fields: Fields) => {
  const bound = boundOf(endpoint, fields, TOKENS);
  return [bound?.usage.output, bound?.outputCap];
};

describe('the output', () => {
  test.each<[string, string, Fields, number, number | null]>([
    ['is the cap', 'chat.completions', { max_tokens: 50 }, 50, null],
    ['is the cap for each choice', 'chat.completions', { max_tokens: 50, n: 3 }, 150, null],
    ['is capped by us if nobody did', 'chat.completions', { n: 2 }, 8192, 4096],
    ['is capped by us if the cap is null', 'chat.completions', { max_tokens: null }, 4096, 4096],
    [
      'is capped again under a name that the upstream knows',
      'chat.completions',
      { max_completion_tokens: 70 },
      70,
      70,
    ],
    [
      'is the largest cap, though only one is said to be heeded',
      'chat.completions',
      { max_tokens: 1, max_completion_tokens: 100_000 },
      100_000,
      null,
    ],
    [
      'of a response is the largest cap too',
      'responses',
      { input: 'a', max_output_tokens: 1, max_tokens: 900 },
      900,
      null,
    ],
    [
      'has thoughts beside its cap for each choice',
      'chat.completions',
      { max_tokens: 50, n: 2, reasoning: { max_tokens: 700 } },
      1500,
      null,
    ],
    [
      'has thoughts by another name',
      'chat.completions',
      { max_tokens: 50, thinking: { type: 'enabled', budget_tokens: 600 } },
      650,
      null,
    ],
    ['is what legacy completions stop at anyway', 'completions', { prompt: 'a' }, 16, 16],
    ['is for each of several prompts', 'completions', { prompt: ['a', 'b'], n: 2 }, 64, 16],
    ['is for one prompt of token ids', 'completions', { prompt: [1, 2, 3] }, 16, 16],
    ['is for each draft', 'completions', { prompt: 'a', max_tokens: 9, best_of: 5 }, 45, null],
    [
      'is for each choice, if that is more',
      'completions',
      { prompt: 'a', n: 3, best_of: 2 },
      48,
      16,
    ],
    ['of a response', 'responses', { input: 'a', max_output_tokens: 30 }, 30, null],
    ['of a response without a cap', 'responses', { input: 'a' }, 4096, 4096],
    ['of embeddings is none', 'embeddings', { input: 'a', max_tokens: 5 }, 0, null],
  ])('%s', (_name, endpoint, fields, output, outputCap) => {
    const body = endpoint === 'chat.completions' ? { ...hello, ...fields } : fields;
    expect(outputOf(endpoint, body)).toEqual([output, outputCap]);
  });

  test('is capped by all the names that a provider heeds', () => {
    const rule = {
      ...ruleOf('chat.completions'),
      capNames: ['max_completion_tokens', 'max_tokens'],
    };
    const of = (fields: Fields) => {
      const bound = upperBound(asked({ ...hello, ...fields }), TOKENS, rule);
      return [bound?.usage.output, bound?.outputCap];
    };
    expect(of({ max_tokens: 5 })).toEqual([5, null]);
    expect(of({ max_tokens: 5, max_completion_tokens: 9 })).toEqual([9, null]);
    expect(of({})).toEqual([4096, 4096]);
  });
});

const PROMPT = BigInt(100 + 8 + AROUND);
const cost = (price: PriceSheet) =>
  boundOf('chat.completions', { ...hello, max_tokens: 10 }, price, 100)?.costNano;

describe('is put where it is dearest', () => {
  test('a prompt that is written to the cache, an output that is thought', () => {
    expect(cost(TOKENS)).toBe(PROMPT + 10n);
    expect(cost(flat({ ...TOKENS.rates, cacheWrite: 2_000_000n }))).toBe(2n * PROMPT + 10n);
    expect(cost(flat({ ...TOKENS.rates, reasoning: 7_000_000n }))).toBe(PROMPT + 70n);
    expect(cost(flat({ ...TOKENS.rates, outputAudio: 8_000_000n }))).toBe(PROMPT + 80n);
  });

  test('with a fee for the request where the price has one', () => {
    expect(cost(flat({ ...TOKENS.rates, requests: 5_000_000n }))).toBe(PROMPT + 15n);
  });

  test.each<[string, bigint, bigint]>([
    ['a dearer tier in reach', 3_000_000n, 3n * PROMPT + 30n],
    // At 1,000 tokens, the largest prompt below the cheaper tier.
    ['the dearer base below a cheaper tier', 500_000n, 1_010n],
  ])('by %s', (_name, rate, costNano) => {
    const tiers = [{ startsAbove: 1_000, rates: { input: rate, output: rate } }];
    expect(cost({ rates: TOKENS.rates, tiers })).toBe(costNano);
  });

  test('by no tier out of reach', () => {
    const tiers = [{ startsAbove: Number(PROMPT), rates: { input: 9_000_000n, output: 9n } }];
    expect(cost({ rates: TOKENS.rates, tiers })).toBe(PROMPT + 10n);
  });
});

describe('a price that is not known for all', () => {
  test.each<[string, string, Fields, PriceSheet]>([
    ['no price', 'chat.completions', hello, flat({})],
    ['none for output', 'chat.completions', hello, each('input')],
    ['none for the prompt', 'chat.completions', hello, each('output')],
    ['one by the request alone', 'chat.completions', hello, each('requests')],
    [
      'none for output in a tier in reach',
      'chat.completions',
      hello,
      { rates: TOKENS.rates, tiers: [{ startsAbove: 5, rates: { input: 1n } }] },
    ],
    ['pictures by time', 'images.generations', { prompt: 'a' }, each('audioMillis')],
  ])('%s gives no bound', (_name, endpoint, fields, price) => {
    expect(boundOf(endpoint, fields, price)).toBeNull();
  });

  test('what is free needs neither bound nor cap', () => {
    const unbounded = { ...hello, tools: [{ type: 'web_search' }] };
    const free = { rates: { input: 0n, output: 0n }, tiers: [] };
    expect(boundOf('chat.completions', unbounded, free)).toEqual({
      usage: noUsage(),
      costNano: 0n,
      outputCap: null,
    });
  });
});

const user = (part: unknown) => ({ messages: [{ role: 'user', content: [part] }] });

describe('what has no bound is refused, and the field named:', () => {
  test.each<[string, string, Fields]>([
    ['n', 'chat.completions', { ...hello, n: 0 }],
    ['n', 'chat.completions', { ...hello, n: 1.5 }],
    ['n', 'chat.completions', { ...hello, n: true }],
    ['max_tokens', 'chat.completions', { ...hello, max_tokens: -1 }],
    ['max_tokens', 'chat.completions', { ...hello, max_tokens: '50' }],
    ['max_tokens', 'chat.completions', { ...hello, max_tokens: 2 ** 50, n: 128 }],
    ['best_of', 'completions', { prompt: 'a', best_of: -1 }],
    ['messages', 'chat.completions', {}],
    ['messages', 'chat.completions', { messages: ['a'] }],
    ['messages', 'chat.completions', { messages: [{ role: 'user', content: { a: 1 } }] }],
    ['messages', 'chat.completions', user({ type: 'video_url', video_url: { url: 'x' } })],
    ['messages', 'chat.completions', user({ type: 'file', file: { file_id: 'file-1' } })],
    ['messages', 'chat.completions', user({ image: 'AAAA' })],
    [
      'messages',
      'chat.completions',
      user({ type: 'input_audio', input_audio: { data: 'https://example.com/a.mp3' } }),
    ],
    ['messages', 'chat.completions', { messages: [{ role: 'assistant', audio: { id: 'a' } }] }],
    ['tools', 'chat.completions', { ...hello, tools: [{ google_search: {} }] }],
    ['service_tier', 'chat.completions', { ...hello, service_tier: 'priority' }],
    ['web_search_options', 'chat.completions', { ...hello, web_search_options: {} }],
    ['prediction', 'chat.completions', { ...hello, prediction: { content: 'a' } }],
    ['models', 'chat.completions', { ...hello, models: ['dear'] }],
    ['model', 'chat.completions', { ...hello, model: 'sonar-deep-research' }],
    ['model', 'chat.completions', { ...hello, model: 'openai/gpt-4o:online' }],
    ['deferred', 'chat.completions', { ...hello, deferred: true }],
    ['background', 'responses', { input: 'a', background: true }],
    ['anything', 'chat.completions', { ...hello, anything: 1 }],
    ['constructor', 'chat.completions', { ...hello, constructor: 1 }],
    ['providerOptions', 'chat.completions', { ...hello, providerOptions: {} }],
    ['Service_Tier', 'chat.completions', { ...hello, Service_Tier: 'priority' }],
    ['messages', 'completions', { ...hello, prompt: 'a' }],
    ['tools', 'completions', { prompt: 'a', tools: [] }],
    ['preset', 'responses', { input: 'a', preset: 'dear' }],
    ['instructions', 'responses', { input: 'a', instructions: [{ id: 'x' }] }],
    ['modalities', 'chat.completions', { ...hello, modalities: ['text', 'image'] }],
    ['reasoning', 'responses', { input: 'a', reasoning: { mode: 'pro' } }],
    ['reasoning', 'chat.completions', { ...hello, reasoning: { max_tokens: 'all' } }],
    ['reasoning', 'chat.completions', { ...hello, reasoning: { samples: 9 } }],
    ['functions', 'chat.completions', { ...hello, functions: [{ name: 'text2image' }] }],
    ['function_call', 'chat.completions', { ...hello, function_call: 'auto' }],
    ['function_call', 'chat.completions', { ...hello, function_call: { name: 'text2image' } }],
    [
      'tools',
      'chat.completions',
      { ...hello, tools: [{ type: 'function', cache_control: { ttl: '1h' } }] },
    ],
    [
      'messages',
      'chat.completions',
      user({ type: 'text', text: 'a', cache_control: { type: 'ephemeral', ttl: '1h' } }),
    ],
    [
      'messages',
      'chat.completions',
      { messages: [{ role: 'user', content: 'a', attachments: ['f'] }] },
    ],
    [
      'messages',
      'chat.completions',
      { messages: [{ role: 'user', content: 'a', functions_state_id: 'f' }] },
    ],
    [
      'messages',
      'chat.completions',
      user({ type: 'file', file: { file_data: 'data:text/plain,a', file_id: 'file-1' } }),
    ],
    [
      'input',
      'responses',
      {
        input: [
          {
            role: 'user',
            content: [
              { type: 'input_file', file_data: 'data:text/plain,a', file_url: 'https://x/a.pdf' },
            ],
          },
        ],
      },
    ],
    [
      'input',
      'responses',
      {
        input: [
          {
            role: 'user',
            content: [
              { type: 'input_file', file: { file_data: 'data:text/plain,a' }, file_id: 'file-1' },
            ],
          },
        ],
      },
    ],
    ['input', 'responses', { input: [{ id: 'msg_1' }] }],
    ['input', 'responses', { input: [{ type: 'reasoning', id: 'rs_1', summary: [] }] }],
    ['url', 'audio.transcriptions', { url: 'https://example.com/a.mp3' }],
    ['file_url', 'audio.translations', { file_url: 'https://example.com/a.mp3' }],
    ['file_id', 'audio.transcriptions', { file_id: 'file-1' }],
    ['previous_response_id', 'responses', { input: 'a', previous_response_id: 'resp_1' }],
    ['input', 'responses', { input: [{ type: 'item_reference', id: 'x' }] }],
    ['tools', 'responses', { input: 'a', tools: [{ type: 'web_search' }] }],
    ['input', 'embeddings', { input: [{ video: 'x' }] }],
    ['query', 'rerank', { documents: ['a'] }],
    ['documents', 'rerank', { query: 'a', documents: [] }],
    ['input', 'audio.speech', { voice: 'a' }],
  ])('%s of %s in %j', (param, endpoint, fields) => {
    const act = () => boundOf(endpoint, fields, TOKENS);
    expect(act).toThrow(GatewayError);
    expect(act).toThrow(expect.objectContaining({ code: 'invalid_request', param }));
  });

  test('all at once', () => {
    expect(() => boundOf('chat.completions', { n: 0, models: [] }, TOKENS)).toThrow(
      /`models`.*`messages`.*`n`/,
    );
  });

  test('but not what is empty', () => {
    const fields = {
      ...hello,
      tools: [],
      web_search_options: null,
      anything: null,
      deferred: false,
    };
    expect(boundOf('chat.completions', fields, TOKENS)).not.toBeNull();
    const response = { input: 'a', background: false, previous_response_id: null };
    expect(boundOf('responses', response, TOKENS)).not.toBeNull();
  });

  test('but not a conversation that is told again', () => {
    const messages = [
      { role: 'user', content: 'a', name: 'b' },
      { role: 'assistant', content: null, refusal: null, audio: null, tool_calls: [] },
      { role: 'tool', content: 'c', tool_call_id: 'd' },
    ];
    expect(boundOf('chat.completions', { messages }, TOKENS)).not.toBeNull();
    const input = [
      { role: 'user', content: 'a' },
      { type: 'reasoning', id: 'rs_1', summary: [], encrypted_content: 'AAAA' },
      { type: 'function_call', call_id: 'd', name: 'f', arguments: '' },
      { type: 'function_call_output', call_id: 'd', output: 'c' },
    ];
    const rest = { include: ['reasoning.encrypted_content'], store: false, text: {} };
    expect(boundOf('responses', { input, ...rest }, TOKENS)).not.toBeNull();
  });

  test('with no more of a thousand unknown fields than can be read', () => {
    const many = Array.from({ length: 1_000 }, (_, at) => [`${at}${'x'.repeat(1_000)}`, 1]);
    const act = () =>
      boundOf('chat.completions', { ...hello, ...Object.fromEntries(many) }, TOKENS);
    expect(act).toThrow(
      expect.objectContaining({ message: expect.stringMatching(/^.{100,3000}$/) }),
    );
  });
});

describe('what is not text', () => {
  test.each<[string, string, Fields, number, PriceSheet, bigint]>([
    ['pictures by the piece', 'images.generations', { n: 3 }, 50, each('images'), 3n],
    ['pictures by tokens', 'images.generations', { n: 2 }, 50, TOKENS, 50n + 2n * 16_684n],
    ['one picture unless said', 'images.generations', {}, 50, each('images'), 1n],
    ['ten edited pictures unless said', 'images.edits', { prompt: 'a' }, 50, each('images'), 10n],
    ['an edited picture', 'images.edits', { n: '2' }, 50, each('images'), 2n],
    ['speech by its letters', 'audio.speech', { input: 'abcd' }, 60, TOKENS, 60n + 4n * 25n],
    [
      'speech by its time',
      'audio.speech',
      { input: 'abcd', speed: 0.5 },
      60,
      each('audioMillis'),
      8_000n,
    ],
    ['hearing by its time', 'audio.transcriptions', {}, 7_500, each('audioMillis'), 20_000n],
    ['searches', 'rerank', { query: 'ab', documents: ['x', 'y'] }, 49_400, each('requests'), 2n],
    [
      'the query of a search with each document',
      'rerank',
      { query: 'ab', documents: ['x', 'y'] },
      100,
      TOKENS,
      100n + 1024n + 4n,
    ],
    [
      'a picture that is embedded',
      'embeddings',
      { input: [{ image: 'https://x' }] },
      30,
      TOKENS,
      30n + 1024n + 48_169n,
    ],
  ])('%s', (_name, endpoint, fields, bytes, price, costNano) => {
    expect(boundOf(endpoint, fields, price, bytes)?.costNano).toBe(costNano);
  });
});
