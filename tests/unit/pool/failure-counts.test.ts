import { describe, expect, test } from '@jest/globals';
import type { CountedBanRule, CountedBans } from '../../../src/entities/pool-policy.ts';
import type { EffectFacts } from '../../../src/pool/effect.ts';
import { FailureCounts } from '../../../src/pool/failure-counts.ts';
import type { Sentence } from '../../../src/pool/failure-counts.ts';
import { MINUTE_MS, NOW, theFacts } from './fixture.ts';

const MAX_MS = 15 * MINUTE_MS;

const rule = (statuses: number[], rest: Partial<CountedBanRule> = {}): CountedBanRule => ({
  statuses,
  failuresMax: 3,
  banMs: MINUTE_MS,
  ...rest,
});

const counted = (rules: CountedBanRule[], rest: Partial<CountedBans> = {}): CountedBans => ({
  rules,
  windowMs: null,
  isEscalating: false,
  ...rest,
});

const LISTED = counted([rule([401, 403, 429, 500])]);

const note = (
  counts: FailureCounts,
  facts: Partial<EffectFacts>,
  policy: CountedBans = LISTED,
  strike = 1,
): Sentence | null => counts.note(theFacts(facts), policy, strike, MAX_MS);

/** Which of the statuses, one after the other, led to a ban: `-` for none, `!` for one. */
const course = (statuses: (number | 'served')[], policy: CountedBans = LISTED): string => {
  const counts = new FailureCounts();
  const marks = statuses.map((status) => {
    if (status !== 'served') return note(counts, { status }, policy) === null ? '-' : '!';
    counts.reset('m');
    return '+';
  });
  return marks.join('');
};

describe('what leads to a ban (D4.7, D4.9)', () => {
  const two = counted([rule([500], { failuresMax: 2 }), rule([429], { failuresMax: 1 })]);

  test.each([
    ['three listed ones', [500, 500, 500], '--!', LISTED],
    ['listed ones together, whatever they are', [401, 429, 500], '--!', LISTED],
    ['an unlisted one never', [400, 400, 400, 400], '----', LISTED],
    ['an unlisted one neither counts nor resets', [500, 400, 500, 201, 500], '----!', LISTED],
    ['a success resets', [500, 500, 'served', 500, 500, 500], '--+--!', LISTED],
    ['after a ban it begins at zero', [500, 500, 500, 500, 500, 500], '--!--!', LISTED],
    ['codes with rules of their own share nothing', [500, 403, 500], '--!', two],
    ['a rule of one bans at once', [429], '!', two],
    ['a ban takes the counts of the other rules along', [500, 429, 500, 500], '-!-!', two],
    ['no rules, no bans', [500, 500, 500], '---', counted([])],
  ] as const)('%s', (_name, statuses, marks, policy) => {
    expect(course([...statuses], policy)).toBe(marks);
  });

  test('models share nothing', () => {
    const counts = new FailureCounts();
    for (const model of ['a', 'b', 'a', 'b'])
      expect(note(counts, { model, status: 500 })).toBeNull();
    counts.reset('a');
    expect(note(counts, { model: 'a', status: 500 })).toBeNull();
    expect(note(counts, { model: 'b', status: 500 })).toMatchObject({ model: 'b' });
  });
});

describe('a sentence', () => {
  test('has the statuses and the calls that led to it, oldest first', () => {
    const counts = new FailureCounts();
    note(counts, { status: 429, requestId: 'r1' });
    note(counts, { status: 500, requestId: null });
    expect(note(counts, { status: 401, requestId: 'r3' })).toEqual({
      model: 'm',
      reason: 'counted',
      evidence: { statuses: [429, 500, 401], requestIds: ['r1', 'r3'] },
      untilMs: NOW + MINUTE_MS,
      strike: 1,
    });
  });

  test.each([
    ['not escalating', false, MINUTE_MS, 4, NOW + MINUTE_MS, 1],
    ['the first', true, MINUTE_MS, 1, NOW + MINUTE_MS, 1],
    ['the second', true, MINUTE_MS, 2, NOW + 2 * MINUTE_MS, 2],
    ['the fourth', true, MINUTE_MS, 4, NOW + 8 * MINUTE_MS, 4],
    ['up to the maximum', true, MINUTE_MS, 5, NOW + MAX_MS, 5],
    ['however many', true, MINUTE_MS, 5000, NOW + MAX_MS, 5000],
    ['never shorter than the rule says', true, 60 * MINUTE_MS, 3, NOW + 60 * MINUTE_MS, 3],
    ['permanent', false, null, 1, null, 1],
    ['permanent is permanent', true, null, 3, null, 3],
  ] as const)(
    '%s (escalating %s, %s ms, strike %i)',
    (_name, isEscalating, banMs, strike, untilMs, told) => {
      const policy = counted([rule([500], { failuresMax: 1, banMs })], { isEscalating });
      const sentence = note(new FailureCounts(), { status: 500 }, policy, strike);
      expect(sentence).toMatchObject({ untilMs, strike: told });
    },
  );
});

describe('a window', () => {
  const windowed = counted([rule([500])], { windowMs: 1000 });

  test.each([
    ['within', [0, 500, 999], true],
    ['the first is as old as the window', [0, 500, 1000], false],
    ['all within it, though not of the first', [0, 600, 1200, 1599], true],
    ['always too slow', [0, 600, 1200, 1800, 2400], false],
  ])('%s: %j', (_name, times, isBanned) => {
    const counts = new FailureCounts();
    const sentences = times.map((ms) => note(counts, { status: 500, nowMs: NOW + ms }, windowed));
    expect(sentences.slice(0, -1)).toEqual(times.slice(1).map(() => null));
    expect(sentences.at(-1) !== null).toBe(isBanned);
  });

  test('without one, failures count however old they are', () => {
    const counts = new FailureCounts();
    const years = [0, 1, 2].map((year) => NOW + year * 31_536_000_000);
    const sentences = years.map((nowMs) => note(counts, { status: 500, nowMs }));
    expect(sentences.map((sentence) => sentence !== null)).toEqual([false, false, true]);
  });
});

test('fifty calls with twenty failures each, interleaved, make exactly the bans due', () => {
  const counts = new FailureCounts();
  const policy = counted([rule([500], { failuresMax: 7 })]);
  let sentences = 0;
  for (let round = 0; round < 20; round += 1) {
    for (let call = 0; call < 50; call += 1) {
      const facts = { status: 500, model: `m${call % 5}`, requestId: `${call}.${round}` };
      const sentence = note(counts, facts, policy);
      if (sentence === null) continue;
      sentences += 1;
      expect(sentence.model).toBe(facts.model);
      expect(new Set(sentence.evidence.requestIds).size).toBe(7);
    }
  }
  // Five models with 200 failures each, 28 full sevens in them.
  expect(sentences).toBe(5 * 28);
});

test('models named by clients do not pile up: the one that failed first is forgotten', () => {
  const counts = new FailureCounts();
  for (let at = 0; at <= 1000; at += 1) {
    note(counts, { model: `m${at}`, status: 500 });
    note(counts, { model: `m${at}`, status: 500 });
  }
  expect(note(counts, { model: 'm1000', status: 500 })).not.toBeNull();
  expect(note(counts, { model: 'm0', status: 500 })).toBeNull();
});
