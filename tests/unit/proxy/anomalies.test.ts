import { describe, expect, test } from '@jest/globals';
import { noUsage } from '../../../src/entities/usage.ts';
import { anomaliesIn } from '../../../src/proxy/anomalies.ts';
import type { Telling } from '../../../src/proxy/anomalies.ts';

const MODEL = 'gpt-4o-mini';

const told = (facts: Partial<Telling>): Telling => ({
  model: null,
  hasUsage: facts.usage !== undefined,
  usage: null,
  textChars: 0,
  ...facts,
});

const used = (units: object) => ({ ...noUsage(), ...units });

test('what tells nothing is not odd', () => {
  expect(anomaliesIn(told({}), MODEL)).toEqual([]);
});

test('everything at once is told in full', () => {
  const all = told({ model: 'other', usage: used({ output: 1 }), textChars: 1000 });
  expect(anomaliesIn(all, MODEL)).toEqual(['usage_low', 'other_model']);
  expect(anomaliesIn({ ...all, usage: null }, MODEL)).toEqual(['usage_rejected', 'other_model']);
});

describe('usage for 1000 characters', () => {
  test.each([
    ['none', {}, true],
    ['a fifth too little, just', { output: 199 }, true],
    ['a fifth less', { output: 200 }, false],
    ['as implied', { output: 250 }, false],
    ['far more', { output: 9000 }, false],
    ['reasoning counts', { output: 100, reasoning: 100 }, false],
    ['sound counts', { outputAudio: 200 }, false],
    ['by the length of the sound', { audioMillis: 1000 }, false],
  ])('%s', (_name, units, isLow) => {
    const usage = used(units);
    expect(anomaliesIn(told({ usage, textChars: 1000 }), MODEL)).toEqual(
      isLow ? ['usage_low'] : [],
    );
  });

  test('says nothing where the text is short', () => {
    const usage = used({ output: 1 });
    expect(anomaliesIn(told({ usage, textChars: 79 }), MODEL)).toEqual([]);
    expect(anomaliesIn(told({ usage, textChars: 80 }), MODEL)).toEqual(['usage_low']);
  });
});

describe('names of one model', () => {
  test.each([
    ['gpt-4o', 'gpt-4o'],
    ['openai/gpt-4o', 'gpt-4o'],
    ['gpt-4o', 'openai/gpt-4o'],
    ['gpt-4o-2024-08-06', 'gpt-4o'],
    ['gpt-4-1106-preview', 'gpt-4'],
    ['claude-3-5-sonnet-20241022', 'claude-3-5-sonnet-latest'],
    ['models/gemini-2.0-flash-001', 'gemini-2.0-flash'],
    ['GigaChat:1.0.26.20', 'GigaChat'],
    ['llama3:latest', 'llama3'],
    ['LLAMA3', 'llama3'],
    ['anything', ''],
  ])('%s for %s', (model, sent) => {
    expect(anomaliesIn(told({ model }), sent)).toEqual([]);
  });

  test.each([
    ['gpt-4o-mini', 'gpt-4o'],
    ['gpt-4.1', 'gpt-4'],
    ['gpt-3.5-turbo', 'gpt-4'],
    ['o1-mini', 'o1'],
    ['gpt-4o-2024-08-06-mini', 'gpt-4o'],
    ['', 'gpt-4o'],
    [`gpt-4o${'-1'.repeat(1_000_000)}x`, 'gpt-4o'],
  ])('%.30s is not %s', (model, sent) => {
    expect(anomaliesIn(told({ model }), sent)).toEqual(['other_model']);
  });
});
