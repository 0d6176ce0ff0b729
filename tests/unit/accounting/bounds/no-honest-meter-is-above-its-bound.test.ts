import { expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import type { PriceSheet } from '../../../../src/accounting/prices/price-row.ts';
import type { UsageClass } from '../../../../src/entities/usage.ts';
import type { Call, Endpoint } from '../../../../src/sandbox/call.ts';
import { Account } from '../../../../src/sandbox/credits.ts';
import { transcriptions, speech } from '../../../../src/sandbox/endpoints/audio.ts';
import { chatCompletions } from '../../../../src/sandbox/endpoints/chat-completions.ts';
import { completions } from '../../../../src/sandbox/endpoints/completions.ts';
import { embeddings } from '../../../../src/sandbox/endpoints/embeddings.ts';
import { imageGenerations } from '../../../../src/sandbox/endpoints/images.ts';
import { rerank } from '../../../../src/sandbox/endpoints/rerank.ts';
import { responses } from '../../../../src/sandbox/endpoints/responses.ts';
import { findModel } from '../../../../src/sandbox/models.ts';
import { boundOf, flat, ruleOf } from './ask.ts';
import type { Fields } from './ask.ts';

// The sandbox meters and bills by its own rules and price list, and writes as much as it may.

const call = (json: Fields, form: Call['form'] = { fields: {}, files: {} }): Call => ({
  id: 1,
  method: 'POST',
  path: '/',
  query: new URLSearchParams(),
  params: {},
  account: new Account({ name: 'a', key: 'k', balanceNano: 1n }),
  json,
  form,
  isStream: false,
  controls: { chunks: 3_000, paceMs: 0, usage: {}, fault: null },
  createdAt: 0,
});

/** The sandbox's price of a model: per token, or per what else it counts. */
function soldAt(name: string, unit: UsageClass): PriceSheet {
  const model = findModel(name);
  if (model === undefined) throw new Error(`the sandbox has no ${name}`);
  const { input, cached, output } = model.price;
  return flat(unit === 'input' ? { input, cacheRead: cached, output } : { [unit]: input });
}

const words = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 200 });
const message = fc.record({
  role: fc.constantFrom('system', 'user', 'assistant'),
  content: fc.oneof(
    words,
    fc.array(
      fc.oneof(
        words.map((text) => ({ type: 'text', text })),
        fc.constant({ type: 'image_url', image_url: { url: 'https://example.com/a.png' } }),
      ),
      { maxLength: 3 },
    ),
  ),
});
const messages = fc.array(message, { minLength: 1, maxLength: 4 });
const counts = {
  max_tokens: fc.option(fc.integer({ min: 1, max: 300 })),
  n: fc.option(fc.integer({ min: 1, max: 5 })),
};
const tools = fc.constantFrom(undefined, [
  { type: 'function', function: { name: 'f', parameters: { type: 'object' } } },
]);

type Row = [string, Endpoint, UsageClass, string, fc.Arbitrary<Fields>];

const rows: Row[] = [
  [
    'chat.completions',
    chatCompletions,
    'input',
    'gpt-4o',
    fc.record({ messages, tools, ...counts }),
  ],
  [
    'completions',
    completions,
    'input',
    'gpt-4o',
    fc.record({
      prompt: fc.oneof(words, fc.array(words, { minLength: 1, maxLength: 3 })),
      ...counts,
    }),
  ],
  [
    'responses',
    responses,
    'input',
    'gpt-4o',
    fc.record({
      input: fc.oneof(words, messages),
      tools,
      max_output_tokens: fc.option(fc.integer({ min: 1, max: 300 })),
    }),
  ],
  [
    'embeddings',
    embeddings,
    'input',
    'text-embedding-3-small',
    fc.record({ input: fc.oneof(words, fc.array(words, { minLength: 1, maxLength: 4 })) }),
  ],
  [
    'rerank',
    rerank,
    'requests',
    'rerank-v3.5',
    fc.record({ query: words, documents: fc.array(words, { minLength: 1, maxLength: 250 }) }),
  ],
  [
    'images.generations',
    imageGenerations,
    'input',
    'gpt-image-1',
    fc.record({ prompt: words, n: fc.option(fc.integer({ min: 1, max: 10 })) }),
  ],
  [
    'audio.speech',
    speech,
    'input',
    'tts-1',
    fc.record({ input: words, voice: fc.constant('alloy') }),
  ],
];

test.each(rows)('of %s', (id, endpoint, unit, model, bodies) => {
  fc.assert(
    fc.property(bodies, (body) => {
      const json = { ...body, model };
      const bound = boundOf(id, json, soldAt(model, unit));
      const [capName = ''] = ruleOf(id).capNames;
      const toSet = bound?.outputCap ?? null;
      const { costNano } = endpoint.answer(
        call(toSet === null ? json : { ...json, [capName]: toSet }),
      );
      expect(bound?.costNano).toBeGreaterThanOrEqual(costNano);
    }),
    { numRuns: 150 },
  );
});

test.each<[string, UsageClass, bigint]>([
  ['gpt-4o-mini-transcribe', 'input', 1n],
  // The sandbox sells seconds, we meter milliseconds.
  ['whisper-1', 'audioMillis', 1_000n],
])('of a transcription by %s', (model, unit, per) => {
  const { rates } = soldAt(model, unit);
  const price = flat({ ...rates, [unit]: (rates[unit] ?? 0n) / per });
  for (const size of [1, 15_999, 16_001, 400_000]) {
    const file = { name: 'a.mp3', contentType: 'audio/mpeg', bytes: Buffer.alloc(size) };
    const { costNano } = transcriptions.answer({
      ...call({}, { fields: { model }, files: { file } }),
      controls: { chunks: 50, paceMs: 0, usage: {}, fault: null },
    });
    const bound = boundOf('audio.transcriptions', { model }, price, size + 200);
    expect(bound?.costNano).toBeGreaterThanOrEqual(costNano);
  }
});
