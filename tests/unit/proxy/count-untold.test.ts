import { describe, expect, test } from '@jest/globals';
import { identified } from '../../../src/accounting/prices/price-row.ts';
import type { PriceRates, PriceRow } from '../../../src/accounting/prices/price-row.ts';
import { noUsage } from '../../../src/entities/usage.ts';
import type { Usage } from '../../../src/entities/usage.ts';
import { countUntold } from '../../../src/proxy/count-untold.ts';
import { chargeable } from '../../../src/proxy/delivery.ts';
import { audioSpeech, audioTranscriptions } from '../../../src/proxy/endpoints/audio.ts';
import { chatCompletions } from '../../../src/proxy/endpoints/chat-completions.ts';
import { completions } from '../../../src/proxy/endpoints/completions.ts';
import { embeddings } from '../../../src/proxy/endpoints/embeddings.ts';
import type { Endpoint } from '../../../src/proxy/endpoints/endpoint.ts';
import { filesContent } from '../../../src/proxy/endpoints/files.ts';
import { imagesGenerations } from '../../../src/proxy/endpoints/images.ts';
import { rerank } from '../../../src/proxy/endpoints/rerank.ts';
import { responses } from '../../../src/proxy/endpoints/responses.ts';
import { Spoken } from '../../../src/proxy/spoken.ts';

const row = { provider: 'p', model: 'm', validFromMs: 0, tiers: [], version: 'config' };
const sheet = (rates: PriceRates): PriceRow => identified({ ...row, rates, source: 'config' });
const TOKENS = sheet({ input: 1n, output: 2n });
const FEE = sheet({ input: 1n, output: 2n, requests: 5n });
const SEARCHES = sheet({ requests: 5n });
const CHARACTERS = sheet({ input: 15n });
const MINUTES = sheet({ audioMillis: 6n });

/** Every text is as many tokens as it has characters: enough to see what was given. */
const counter = {
  asked: [] as string[],
  count(model: string, texts: readonly string[]) {
    if (texts.length > 0) this.asked.push(model);
    return Promise.resolve(texts.join('').length);
  },
};

function saying(text: string): Spoken {
  const spoken = new Spoken();
  spoken.say(text);
  return spoken;
}

interface Case {
  endpoint: Endpoint;
  fields?: Record<string, unknown>;
  price?: PriceRow;
  /** What was produced: text, or so many bytes. */
  produced: string | number;
}

async function charge({ endpoint, fields = {}, price, produced }: Case) {
  const untold = {
    endpoint,
    asked: { model: 'asked', fields, bytes: 400 },
    sentModel: 'sent',
    price,
  };
  const said = typeof produced === 'string' ? saying(produced) : produced;
  return await countUntold(chargeable(untold, null, said), untold, counter);
}

const CHAT = { messages: [{ role: 'user', content: 'hello' }] };

/** Three of the message, three of the answer that is to come, `user` and `hello`. */
const HEARD = 3 + 3 + 9;

describe('nobody told the usage of', () => {
  test.each<[string, Case, string, Partial<Usage>]>([
    [
      'a chat: prompt and text are counted',
      { endpoint: chatCompletions, fields: CHAT, price: TOKENS, produced: 'abcdef' },
      'counted',
      { input: HEARD, output: 6 },
    ],
    [
      'a chat that said nothing yet',
      { endpoint: chatCompletions, fields: CHAT, price: TOKENS, produced: '' },
      'counted',
      { input: HEARD },
    ],
    [
      'a chat whose answer is no text that can be read: by its size',
      { endpoint: chatCompletions, fields: CHAT, price: TOKENS, produced: 400 },
      'estimated',
      { input: HEARD, output: 100 },
    ],
    [
      'a chat with a fee',
      { endpoint: chatCompletions, fields: CHAT, price: FEE, produced: 'abc' },
      'counted',
      { input: HEARD, output: 3, requests: 1 },
    ],
    [
      'a completion',
      { endpoint: completions, fields: { prompt: ['ab', 'c'] }, price: TOKENS, produced: 'abc' },
      'counted',
      { input: 3, output: 3 },
    ],
    [
      'a response',
      { endpoint: responses, fields: { input: 'hello' }, price: TOKENS, produced: 'abc' },
      'counted',
      { input: HEARD, output: 3 },
    ],
    [
      'embeddings, which say nothing',
      { endpoint: embeddings, fields: { input: ['ab', 'c'] }, price: TOKENS, produced: 9000 },
      'counted',
      { input: 3 },
    ],
    [
      'a reranking by tokens',
      {
        endpoint: rerank,
        fields: { query: 'q', documents: ['ab', 'c'] },
        price: TOKENS,
        produced: 10,
      },
      'counted',
      { input: 5 },
    ],
    [
      'a reranking by searches',
      {
        endpoint: rerank,
        fields: { query: 'q', documents: Array.from({ length: 101 }, () => 'd') },
        price: SEARCHES,
        produced: 10,
      },
      'estimated',
      { requests: 2 },
    ],
    [
      'speech by characters',
      { endpoint: audioSpeech, fields: { input: 'a😀' }, price: CHARACTERS, produced: 9000 },
      'counted',
      { input: 2 },
    ],
    [
      'speech by tokens: of its sound nobody knows how many, whatever its bytes',
      {
        endpoint: audioSpeech,
        fields: { input: 'a'.repeat(1000), speed: 2 },
        price: TOKENS,
        produced: 9_000_000,
      },
      'estimated',
      { input: 1000, output: 30 * 21 },
    ],
    [
      'speech by time',
      { endpoint: audioSpeech, fields: { input: 'a'.repeat(1000) }, price: MINUTES, produced: 9 },
      'estimated',
      { audioMillis: 60_000 },
    ],
    [
      'a transcript by tokens: of what was heard nobody knows how many',
      { endpoint: audioTranscriptions, price: TOKENS, produced: 'abc' },
      'estimated',
      { inputAudio: 2, output: 3 },
    ],
    [
      'a transcript by time',
      { endpoint: audioTranscriptions, price: MINUTES, produced: 'abc' },
      'estimated',
      { audioMillis: 50 },
    ],
    [
      'pictures by number',
      { endpoint: imagesGenerations, fields: { n: 2 }, produced: 10 },
      'estimated',
      { images: 2 },
    ],
    [
      'pictures by tokens',
      {
        endpoint: imagesGenerations,
        fields: { n: 2, prompt: 'four', quality: 'low' },
        price: TOKENS,
        produced: 10,
      },
      'estimated',
      { input: 1, output: 544 },
    ],
  ])('%s', async (_name, given, usageSource, usage) => {
    expect(await charge(given)).toEqual({ usage: { ...noUsage(), ...usage }, usageSource });
  });
});

test('texts are counted as those of the model that was sent', async () => {
  counter.asked = [];
  await charge({ endpoint: chatCompletions, fields: CHAT, produced: 'abc' });
  expect(counter.asked).toEqual(['sent', 'sent']);
});

test('what cannot be counted now stays as estimated', async () => {
  const untold = {
    endpoint: chatCompletions,
    asked: { model: 'm', fields: CHAT, bytes: 400 },
    sentModel: 'm',
    price: TOKENS,
  };
  const charged = chargeable(untold, null, saying('abcd'));
  const none = { count: () => Promise.resolve(null) };
  expect(await countUntold(charged, untold, none)).toBe(charged);
  expect(charged).toMatchObject({ usage: { input: 100, output: 1 }, usageSource: 'estimated' });
});

test('what is told, or free, is not counted', async () => {
  const never = {
    count: () => {
      throw new Error('counted');
    },
  };
  for (const [endpoint, told] of [
    [chatCompletions, { ...noUsage(), input: 1 }],
    [filesContent, null],
  ] as const) {
    const untold = {
      endpoint,
      asked: { model: 'm', fields: CHAT, bytes: 4 },
      sentModel: 'm',
      price: TOKENS,
    };
    const charged = chargeable(untold, told, saying('abcd'));
    expect(await countUntold(charged, untold, never)).toBe(charged);
  }
});

describe('a fee for the request', () => {
  const told = { ...noUsage(), input: 3, output: 2 };
  const asked = { model: 'm', fields: {}, bytes: 4 };

  test.each<[string, Endpoint, requests: number]>([
    ['a chat: charged once', chatCompletions, 1],
    ['a completion: charged once', completions, 1],
    ['a response: charged once', responses, 1],
    ['embeddings: charged once', embeddings, 1],
    ['a reranking: charged once', rerank, 1],
    ['speech, which nobody bills so', audioSpeech, 0],
  ])('where its provider told the tokens alone, of %s', (_name, endpoint, requests) => {
    expect(chargeable({ endpoint, asked, price: FEE }, told, 0)).toEqual({
      usage: { ...told, requests },
      usageSource: 'reported',
    });
  });

  test('is charged as often as the provider says', () => {
    const searched = { ...told, requests: 21 };
    const charged = chargeable({ endpoint: chatCompletions, asked, price: FEE }, searched, 0);
    expect(charged.usage).toEqual(searched);
  });

  test('is held for', () => {
    const { meter } = chatCompletions;
    if (meter.kind !== 'usage') throw new Error('chat has a price');
    expect(meter.estimate(asked, FEE).requests).toBe(1);
    expect(meter.estimate(asked, TOKENS).requests).toBe(0);
    expect(meter.estimate(asked).requests).toBe(0);
  });
});
