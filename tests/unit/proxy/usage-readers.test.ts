import { describe, expect, test } from '@jest/globals';
import { noUsage } from '../../../src/entities/usage.ts';
import {
  audioUsage,
  chatUsage,
  parseObject,
  responsesUsage,
  toldUsage,
} from '../../../src/proxy/usage-readers.ts';

const usage = (units: object) => ({ ...noUsage(), ...units });

describe('chat', () => {
  test.each([
    [
      'plain',
      { prompt_tokens: 9, completion_tokens: 12, total_tokens: 21 },
      { input: 9, output: 12 },
    ],
    [
      'cached, reasoning and audio, all parts of their totals',
      {
        prompt_tokens: 1200,
        completion_tokens: 500,
        total_tokens: 1700,
        prompt_tokens_details: { cached_tokens: 1024, audio_tokens: 100 },
        completion_tokens_details: {
          reasoning_tokens: 320,
          audio_tokens: 30,
          accepted_prediction_tokens: 5,
        },
      },
      { input: 76, cacheRead: 1024, inputAudio: 100, output: 150, reasoning: 320, outputAudio: 30 },
    ],
    [
      'a written cache',
      {
        prompt_tokens: 100,
        completion_tokens: 1,
        prompt_tokens_details: { cache_write_tokens: 60 },
      },
      { input: 40, cacheWrite: 60, output: 1 },
    ],
    [
      'details that are null',
      {
        prompt_tokens: 5,
        completion_tokens: 6,
        prompt_tokens_details: null,
        completion_tokens_details: { reasoning_tokens: null },
      },
      { input: 5, output: 6 },
    ],
    ['embeddings', { prompt_tokens: 8, total_tokens: 8 }, { input: 8 }],
    [
      'a cache beside the prompt, as the total tells',
      {
        prompt_tokens: 20,
        completion_tokens: 5,
        total_tokens: 65,
        cache_read_input_tokens: 10,
        cache_creation_input_tokens: 30,
      },
      { input: 20, cacheRead: 10, cacheWrite: 30, output: 5 },
    ],
    [
      'a cache and thoughts beside, as the total tells',
      {
        prompt_tokens: 20,
        completion_tokens: 5,
        total_tokens: 72,
        cache_read_input_tokens: 40,
        completion_tokens_details: { reasoning_tokens: 7 },
      },
      { input: 20, cacheRead: 40, output: 5, reasoning: 7 },
    ],
    [
      'a cache in the prompt where no total tells',
      { prompt_tokens: 50, completion_tokens: 5, cache_read_input_tokens: 40 },
      { input: 10, cacheRead: 40, output: 5 },
    ],
    [
      'more in the total than any name is for',
      {
        prompt_tokens: 20,
        completion_tokens: 30,
        total_tokens: 60,
        completion_tokens_details: { reasoning_tokens: 15 },
      },
      { input: 20, output: 25, reasoning: 15 },
    ],
    [
      'a total that is too small, which proves nothing',
      { prompt_tokens: 20, completion_tokens: 5, total_tokens: 5 },
      { input: 20, output: 5 },
    ],
    ['rerank by tokens', { total_tokens: 33 }, { input: 33 }],
  ])('%s', (_name, told, expected) => {
    expect(chatUsage(told)).toEqual(usage(expected));
  });

  test.each([
    ['nothing', {}],
    ['negative', { prompt_tokens: -1, completion_tokens: 2 }],
    ['a fraction', { prompt_tokens: 1, completion_tokens: 2.5 }],
    ['text', { prompt_tokens: '9', completion_tokens: 2 }],
    ['absurd', { prompt_tokens: 1e18, completion_tokens: 2 }],
    ['null for the input', { prompt_tokens: null, completion_tokens: 2 }],
    ['null for the output', { prompt_tokens: 2, completion_tokens: null }],
    [
      'more cached than there is',
      { prompt_tokens: 5, completion_tokens: 2, prompt_tokens_details: { cached_tokens: 6 } },
    ],
    [
      'more reasoning than output',
      {
        prompt_tokens: 5,
        completion_tokens: 2,
        completion_tokens_details: { reasoning_tokens: 3 },
      },
    ],
    [
      'a detail that is text',
      { prompt_tokens: 5, completion_tokens: 2, prompt_tokens_details: { cached_tokens: '1' } },
    ],
  ])('%s is not believed at all', (_name, told) => {
    expect(chatUsage(told)).toBeNull();
  });
});

describe('responses, images and audio by tokens', () => {
  test.each([
    [
      'responses',
      {
        input_tokens: 36,
        input_tokens_details: { cached_tokens: 4 },
        output_tokens: 87,
        output_tokens_details: { reasoning_tokens: 64 },
        total_tokens: 123,
      },
      { input: 32, cacheRead: 4, output: 23, reasoning: 64 },
    ],
    [
      'an image',
      {
        total_tokens: 100,
        input_tokens: 50,
        output_tokens: 50,
        input_tokens_details: { text_tokens: 10, image_tokens: 40 },
      },
      { input: 50, output: 50 },
    ],
    [
      'a transcription, whose details have another name',
      {
        type: 'tokens',
        input_tokens: 14,
        input_token_details: { text_tokens: 0, audio_tokens: 14 },
        output_tokens: 45,
      },
      { inputAudio: 14, output: 45 },
    ],
  ])('%s', (_name, told, expected) => {
    expect(responsesUsage(told)).toEqual(usage(expected));
    expect(audioUsage(told)).toEqual(usage(expected));
  });

  test.each([
    ['nothing', {}],
    ['null', { input_tokens: null, output_tokens: 3 }],
    ['negative', { input_tokens: 3, output_tokens: -3 }],
    [
      'details beyond the total',
      { input_tokens: 3, output_tokens: 3, input_tokens_details: { cached_tokens: 4 } },
    ],
  ])('%s is not believed', (_name, told) => {
    expect(responsesUsage(told)).toBeNull();
  });
});

describe('a transcription by its length', () => {
  test.each([
    [0, 0],
    [1, 1000],
    [12.3451, 12_346],
  ])('%s seconds are %i milliseconds', (seconds, audioMillis) => {
    expect(audioUsage({ type: 'duration', seconds })).toEqual(usage({ audioMillis }));
  });

  test.each([[-1], [Number.NaN], ['9'], [undefined], [1e7]])(
    '%s seconds are not believed',
    (seconds) => {
      expect(audioUsage({ type: 'duration', seconds })).toBeNull();
    },
  );
});

test.each([
  ['{"usage":{"a":1}}', { a: 1 }],
  ['{"usage":null}', null],
  ['{"usage":[1]}', null],
  ['{}', null],
])('the usage of %s', (text, expected) => {
  expect(toldUsage(parseObject(text) ?? {})).toEqual(expected);
});

test.each(['[1]', 'null', '7', '{', '', '"x"'])('%s is no object', (text) => {
  expect(parseObject(text)).toBeNull();
});
