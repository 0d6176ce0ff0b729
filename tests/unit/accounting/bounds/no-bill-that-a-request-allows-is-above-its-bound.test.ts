import { expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { costOf } from '../../../../src/accounting/prices/cost.ts';
import type { PriceRates, PriceSheet } from '../../../../src/accounting/prices/price-row.ts';
import { upperBound } from '../../../../src/accounting/upper-bound.ts';
import { USAGE_CLASSES, noUsage } from '../../../../src/entities/usage.ts';
import type { UsageClass } from '../../../../src/entities/usage.ts';
import { asked, ruleOf } from './ask.ts';

const IMAGE_TOKENS = 48_169;
const PROMPT = ['cacheRead', 'cacheWrite', 'input'] as const;
const HEARD = ['inputAudio', 'cacheReadAudio', ...PROMPT] as const;
const SAID = ['reasoning', 'outputAudio', 'output'] as const;

const rate = fc.bigInt({ min: 0n, max: 100_000_000_000n });
/** Any classes have a price of their own, `input` and `output` always. */
const rates: fc.Arbitrary<PriceRates> = fc.record(
  Object.fromEntries(USAGE_CLASSES.map((name) => [name, rate])),
  { requiredKeys: ['input', 'output'] },
);
const sheet: fc.Arbitrary<PriceSheet> = fc.record({
  rates,
  tiers: fc
    .array(fc.record({ startsAbove: fc.nat(4_000), rates }), { maxLength: 3 })
    .map((tiers) => tiers.toSorted((left, right) => left.startsAbove - right.startsAbove)),
});

const shares = fc.array(fc.nat(9), { minLength: 5, maxLength: 5 });
const fraction = fc.oneof(fc.constant(1), fc.double({ min: 0, max: 1, noNaN: true }));

/** So many tokens spread over classes, none lost: the last class gets the rest. */
function spread(tokens: number, weights: readonly number[], classes: readonly UsageClass[]) {
  const sum = weights.reduce((left, right) => left + right, 1);
  let left = tokens;
  return Object.fromEntries(
    classes.map((name, at) => {
      const isLast = at === classes.length - 1;
      const share = isLast ? left : Math.floor((tokens * (weights[at] ?? 0)) / sum);
      left -= share;
      return [name, share];
    }),
  );
}

/** A part of a message, and the most tokens that it honestly is. */
const part = fc.oneof(
  fc
    .string({ unit: 'grapheme', maxLength: 40 })
    .map((text) => ({ tokens: Buffer.byteLength(text), part: { type: 'text', text } })),
  fc.constant({
    tokens: IMAGE_TOKENS,
    part: { type: 'image_url', image_url: { url: 'https://example.com/a.png' } },
  }),
  fc.nat(3_000).map((size) => ({
    tokens: Math.floor((size / 750) * 32),
    part: { type: 'input_audio', input_audio: { data: 'A'.repeat(size), format: 'mp3' } },
  })),
);

const given = fc.record({
  messages: fc.array(fc.array(part, { maxLength: 4 }), { minLength: 1, maxLength: 4 }),
  cap: fc.option(fc.integer({ min: 1, max: 5_000 })),
  n: fc.option(fc.integer({ min: 1, max: 8 })),
  price: sheet,
  /** How much of it is used, and what the provider adds of its own. */
  prompt: fraction,
  output: fraction,
  around: fc.nat(700),
  heard: shares,
  said: shares,
});

test('of chat, at any price, whatever is cached, thought or heard', () => {
  fc.assert(
    fc.property(given, ({ messages, cap, n, price, ...used }) => {
      const bound = upperBound(
        asked({
          messages: messages.map((parts) => ({
            role: 'user',
            content: parts.map((one) => one.part),
          })),
          max_tokens: cap,
          n,
        }),
        price,
        ruleOf('chat.completions'),
      );
      const parts = messages.flat();
      const words = parts.reduce((sum, { tokens }) => sum + tokens, 6 * messages.length);
      const hasSound = parts.some((one) => one.part.type === 'input_audio');
      const prompt = Math.floor((words + used.around) * used.prompt);
      const output = Math.floor((cap ?? bound?.outputCap ?? 0) * (n ?? 1) * used.output);
      const usage = {
        ...noUsage(),
        ...spread(prompt, used.heard, hasSound ? HEARD : PROMPT),
        ...spread(output, used.said, SAID),
        requests: 1,
      };
      expect(bound?.costNano).toBeGreaterThanOrEqual(costOf(usage, price).costNano);
    }),
    { numRuns: 3_000 },
  );
});
