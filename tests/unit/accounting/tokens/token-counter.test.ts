import { Worker } from 'node:worker_threads';
import { afterEach, describe, expect, jest, test } from '@jest/globals';
import type { CountRequest } from '../../../../src/accounting/tokens/counting-thread.ts';
import { TokenCounter } from '../../../../src/accounting/tokens/token-counter.ts';
import type { Logger } from '../../../../src/lib/logger.ts';
import { seededRandom } from '../../../../src/lib/random.ts';
import { ManualClock } from '../../../support/manual-clock.ts';
import { tokensOfText } from '../../../support/token-count.ts';

const counters: TokenCounter[] = [];
afterEach(async () => {
  jest.restoreAllMocks();
  for (const counter of counters.splice(0)) await counter.close();
});

function aCounter() {
  const clock = new ManualClock();
  const errors: string[] = [];
  const logger = { error: (_facts: object, text: string) => errors.push(text) };
  const parts = { clock, random: seededRandom(3), logger: logger as unknown as Logger };
  const counter = new TokenCounter(parts);
  counters.push(counter);
  return { counter, clock, errors };
}

const PROSE = 'Whoever counts what nobody told must say so, and must not be held up by it. ';

test('counts as the model does, in the order in which it was asked', async () => {
  const { counter } = aCounter();
  const order: string[] = [];
  const ask = (model: string) =>
    counter.count(model, [PROSE, 'お誕生日おめでとう']).then((tokens) => {
      order.push(model);
      return tokens;
    });
  const counts = await Promise.all([ask('gpt-4o'), ask('gpt-4'), ask('claude-x')]);
  const newer = tokensOfText(PROSE) + 8;
  expect(counts).toEqual([newer, tokensOfText(PROSE, 'cl100k_base') + 9, newer]);
  expect(order).toEqual(['gpt-4o', 'gpt-4', 'claude-x']);
  expect(counter.waiting).toBe(0);
});

test('needs nothing for nothing', async () => {
  const { counter, clock } = aCounter();
  expect(await counter.count('m', [])).toBe(0);
  expect(await counter.count('m', ['', ''])).toBe(0);
  expect(clock.waits).toEqual([]);
});

const charsOf = ({ texts }: CountRequest) => texts.reduce((sum, { length }) => sum + length, 0);

describe('of 5 MB', () => {
  const random = seededRandom(11);
  const letters = Uint8Array.from({ length: 5_000_000 }, () => 97 + Math.floor(random() * 26));

  test.each([
    ['prose', PROSE.repeat(65_000)],
    ['one letter', 'a'.repeat(5_000_000)],
    ['random letters', Buffer.from(letters).toString('latin1')],
  ])('%s: no more is counted than of a twentieth, and the rest is like it', async (_name, text) => {
    const { counter } = aCounter();
    const part = text.slice(0, 256 * 1024);
    const sent = jest.spyOn(Worker.prototype, 'postMessage');
    const exact = ((await counter.count('gpt-4o', [part])) ?? 0) * (text.length / part.length);
    const counted = (await counter.count('gpt-4o', [text])) ?? 0;
    expect(Math.abs(counted / exact - 1)).toBeLessThan(0.02);
    // All that a thread is given to count, and what takes its time.
    const asked = sent.mock.calls.map(([request]) => charsOf(request as CountRequest));
    expect(asked[0]).toBe(part.length);
    expect(asked[1]).toBeGreaterThan(part.length * 0.99);
    expect(asked[1]).toBeLessThanOrEqual(part.length);
    expect(asked).toHaveLength(2);
  });
});

test('what would wait too long is not counted, and what waited before is', async () => {
  const { counter } = aCounter();
  const text = PROSE.repeat(3000);
  const asked = Array.from({ length: 100 }, () => counter.count('gpt-4o', [text]));
  const counts = await Promise.all(asked);
  const seen = counts.findIndex((tokens) => tokens === null);
  expect(seen).toBe(Math.floor((16 * 1024 * 1024) / text.length));
  expect(new Set(counts.slice(0, seen)).size).toBe(1);
  expect(await counter.count('gpt-4o', ['again'])).toBe(1);
});

test('a text that ends the thread costs the counts that wait, and not the next ones', async () => {
  const { counter, errors } = aCounter();
  const none = { length: 5 } as unknown as string;
  const asked = [['hello'], [none], ['hello']].map((texts) => counter.count('gpt-4o', texts));
  expect(await Promise.all(asked)).toEqual([1, null, null]);
  expect(errors).toEqual(['the token counter died: calls are estimated']);
  expect(await counter.count('gpt-4o', ['hello'])).toBe(1);
});

test('a thread that nobody needs for ten minutes ends, and the next count starts another', async () => {
  const { counter, clock } = aCounter();
  expect(await counter.count('gpt-4o', ['hello'])).toBe(1);
  expect(clock.waits).toEqual([600_000]);
  clock.advance(600_000);
  expect(clock.waits).toEqual([]);
  expect(await counter.count('gpt-4o', ['hello'])).toBe(1);
});

test('once closed it counts nothing', async () => {
  const { counter } = aCounter();
  const waiting = counter.count('gpt-4o', [PROSE]);
  await counter.close();
  expect(await waiting).toBeNull();
  expect(await counter.count('gpt-4o', [PROSE])).toBeNull();
});
