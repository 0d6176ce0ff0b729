import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { Limits, WINDOW_MS } from '../../../src/accounting/limits.ts';
import type { LimitLease, LimitSubject } from '../../../src/accounting/limits.ts';
import { PlainLimits } from './plain-limits.ts';
import type { PlainCall } from './plain-limits.ts';

const aSubject = (facts: Partial<LimitSubject> = {}): LimitSubject => ({
  scope: 'key',
  id: 'k1',
  rpm: null,
  tpm: null,
  concurrency: null,
  ...facts,
});

/** One name for a key and a team: they are not the same for that. */
const team = aSubject({ scope: 'team', id: 'same', rpm: 7, tpm: 200, concurrency: 4 });
const tight = aSubject({ id: 'same', rpm: 3, tpm: 90, concurrency: 2 });
const wide = aSubject({ id: 'wide', rpm: 20, tpm: null, concurrency: null });
const free = aSubject({ id: 'free' });
const lone = aSubject({ id: 'lone', rpm: null, tpm: 50, concurrency: 1 });
const ALL = [team, tight, wide, free, lone];
const CALLERS = [[tight, team], [wide, team], [free, team], [lone], [free]] as const;

interface Step {
  /** Since the step before. */
  waitMs: number;
  caller: number;
  tokens: number;
  /** Which of the calls ends before that, from the latest on, and what it used then. */
  ends: number;
  usedPart: number;
}

/** Calls mostly come close together, so that limits are met; now and then the minute is over. */
const steps = (usedPartMax: number): fc.Arbitrary<Step[]> =>
  fc.array(
    fc.record({
      waitMs: fc.oneof(
        { weight: 20, arbitrary: fc.integer({ min: 0, max: 4000 }) },
        { weight: 1, arbitrary: fc.integer({ min: 50_000, max: 70_000 }) },
      ),
      caller: fc.integer({ min: 0, max: CALLERS.length - 1 }),
      tokens: fc.oneof(
        { weight: 10, arbitrary: fc.integer({ min: 0, max: 40 }) },
        { weight: 1, arbitrary: fc.integer({ min: 0, max: 300 }) },
      ),
      ends: fc.integer({ min: 0, max: 8 }),
      usedPart: fc.double({ min: 0, max: usedPartMax, noNaN: true }),
    }),
    { maxLength: 120, size: 'max' },
  );

/** What happened to the real limits, next to the plain list of the same. */
class History {
  readonly limits = new Limits();
  readonly plain = new PlainLimits();
  nowMs = 1000;
  #leases = new Map<PlainCall, LimitLease>();

  /** Whether the call was let in. */
  call(subjects: readonly LimitSubject[], tokens: number): boolean {
    const { limits, plain, nowMs } = this;
    const before = limits.states(ALL, nowMs);
    const refusal = limits.refusal(subjects, tokens, nowMs);
    expect(refusal).toEqual(plain.refusal(subjects, tokens, nowMs));
    if (refusal !== null) {
      // It has changed nothing: not what is left, not what the next one is told.
      expect(limits.states(ALL, nowMs)).toEqual(before);
      expect(limits.refusal(subjects, tokens, nowMs)).toEqual(refusal);
      return false;
    }
    const call = { subjects, atMs: nowMs, tokens, isUnderWay: true };
    plain.calls.push(call);
    this.#leases.set(call, limits.take(subjects, tokens, nowMs));
    return true;
  }

  end(call: PlainCall | undefined, usedPart: number): void {
    if (call === undefined) return;
    const lease = this.#leases.get(call);
    if (lease === undefined) throw new Error('A call has its lease.');
    call.tokens = Math.round(call.tokens * usedPart);
    call.isUnderWay = false;
    lease.settle(call.tokens, this.nowMs);
    lease[Symbol.dispose]();
    // Only the first time gives the place back.
    lease[Symbol.dispose]();
  }

  play(all: readonly Step[]): void {
    for (const { waitMs, caller, tokens, ends, usedPart } of all) {
      this.nowMs += waitMs;
      this.end(this.plain.calls.at(-1 - ends), usedPart);
      this.call(CALLERS[caller] ?? [], tokens);
      expect(this.limits.states(ALL, this.nowMs)).toEqual(this.plain.states(ALL, this.nowMs));
    }
  }

  endAll(): void {
    for (const call of this.plain.calls) this.end(call, 1);
  }
}

/** The most that any 60 seconds hold. */
function fullest(calls: readonly PlainCall[], count: (call: PlainCall) => number): number {
  const sums = calls.map(({ atMs: startMs }) =>
    calls
      .filter(({ atMs }) => atMs >= startMs && atMs < startMs + WINDOW_MS)
      .reduce((sum, call) => sum + count(call), 0),
  );
  return Math.max(0, ...sums);
}

describe('against brute force, over keys and teams', () => {
  test('refusals, and what is left until when, are those of the plain list of calls', () => {
    fc.assert(fc.property(steps(3), (all) => new History().play(all)));
  });

  test('no 60 seconds anywhere hold more than the limit, of any of the subjects', () => {
    fc.assert(
      // Nobody uses more than was taken for it, and no call is larger than every limit.
      fc.property(steps(1), (all) => {
        const history = new History();
        history.play(all.map((step) => ({ ...step, tokens: Math.min(step.tokens, 50) })));
        for (const subject of ALL) {
          const own = history.plain.calls.filter(({ subjects }) => subjects.includes(subject));
          expect(fullest(own, () => 1)).toBeLessThanOrEqual(subject.rpm ?? Infinity);
          expect(fullest(own, ({ tokens }) => tokens)).toBeLessThanOrEqual(subject.tpm ?? Infinity);
        }
      }),
    );
  });

  test('once all calls are over every place is free again, and no more than that', () => {
    fc.assert(
      fc.property(steps(1), (all) => {
        const history = new History();
        history.play(all);
        history.endAll();
        history.nowMs += WINDOW_MS;
        for (const [subjects, places] of [
          [[tight], 2],
          [[team], 4],
          [[lone], 1],
        ] as const) {
          for (let place = 0; place < places; place += 1)
            expect(history.call(subjects, 0)).toBe(true);
          expect(history.call(subjects, 0)).toBe(false);
        }
      }),
    );
  });
});

test('who is refused by the team takes nothing of the key, and the other way round', () => {
  const limits = new Limits();
  const crew = aSubject({ scope: 'team', id: 't', rpm: 1 });
  const key = aSubject({ id: 'k', rpm: 5, tpm: 100, concurrency: 9 });
  limits.take([crew], 0, 0);
  expect(limits.refusal([key, crew], 10, 1)).toMatchObject({ subject: crew, kind: 'requests' });
  expect(limits.states([key], 1)).toEqual([
    { scope: 'key', kind: 'requests', limit: 5, remaining: 5, resetMs: 0 },
    { scope: 'key', kind: 'tokens', limit: 100, remaining: 100, resetMs: 0 },
  ]);
});

test('of several limits that are met the one that lasts longest is named', () => {
  const limits = new Limits();
  const key = aSubject({ rpm: 2, tpm: 100, concurrency: 1 });
  limits.take([key], 10, 0);
  limits.take([key], 90, 20_000);
  expect(limits.refusal([key], 40, 30_000)).toEqual({
    subject: key,
    kind: 'tokens',
    limit: 100,
    used: 100,
    asked: 40,
    waitMs: 50_000,
  });
  // The first request leaves earlier, but later than a call under way may.
  expect(limits.refusal([key], 0, 30_000)).toMatchObject({ kind: 'requests', waitMs: 30_000 });
  expect(limits.refusal([key], 0, 60_000)).toMatchObject({ kind: 'concurrency', waitMs: 1000 });
});

test('all is there again when the newest request leaves, not when the oldest does', () => {
  const limits = new Limits();
  const key = aSubject({ rpm: 10, tpm: 1000 });
  for (const atMs of [0, 10_000, 25_000.5]) limits.take([key], 100, atMs);
  const left = (nowMs: number) =>
    limits.states([key], nowMs).map(({ remaining, resetMs }) => [remaining, resetMs]);
  expect(left(30_000)).toEqual([
    [7, 55_000.5],
    [700, 55_000.5],
  ]);
  expect(left(70_000)).toEqual([
    [9, 15_000.5],
    [900, 15_000.5],
  ]);
  expect(left(85_000.5)).toEqual([
    [10, 0],
    [1000, 0],
  ]);
});

test('tokens that were not used do not put the reset off', () => {
  const limits = new Limits();
  const key = aSubject({ tpm: 1000 });
  limits.take([key], 100, 0);
  limits.take([key], 500, 20_000).settle(0, 21_000);
  expect(limits.states([key], 30_000)).toMatchObject([{ remaining: 900, resetMs: 30_000 }]);
});

test('calls that used more than was left are waited for, with nothing left below zero', () => {
  const limits = new Limits();
  const key = aSubject({ tpm: 100 });
  limits.take([key], 60, 0).settle(400, 10);
  expect(limits.states([key], 20)).toMatchObject([{ remaining: 0, resetMs: 59_980 }]);
  expect(limits.refusal([key], 1, 20)).toMatchObject({ used: 400, asked: 1, waitMs: 59_980 });
});

test('calls under way count from the moment a limit of them is set', () => {
  const limits = new Limits();
  using _under = limits.take([aSubject()], 0, 0);
  expect(limits.refusal([aSubject({ concurrency: 1 })], 0, 1)).toMatchObject({ used: 1 });
});

test('however many others come, who has a call under way or took something of late is not forgotten', () => {
  const limits = new Limits();
  const busy = aSubject({ id: 'busy', concurrency: 1 });
  const recent = aSubject({ id: 'recent', rpm: 1 });
  using _under = limits.take([busy], 0, 0);
  for (let serial = 0; serial < 99_998; serial += 1) {
    limits.take([aSubject({ id: `k${serial}`, rpm: 1 })], 0, 0)[Symbol.dispose]();
  }
  limits.take([recent], 0, 1)[Symbol.dispose]();
  // One too many: nobody else of them has anything left to remember.
  limits.take([aSubject({ id: 'late' })], 0, WINDOW_MS);
  expect(limits.refusal([busy], 0, WINDOW_MS)).toMatchObject({ kind: 'concurrency' });
  expect(limits.refusal([recent], 0, WINDOW_MS)).toMatchObject({ waitMs: 1 });
});

test('windows tell what is used, left, and when it is all there again; looking changes nothing', () => {
  const limits = new Limits();
  const key = { scope: 'key', id: 'k', rpm: 2, tpm: 100, concurrency: 1 } as const;
  const empty = { limit: 2, used: 0, remaining: 2, resetMs: 0 };
  expect(limits.windows(key, 1000).requests).toEqual(empty);
  const lease = limits.take([key], 60, 1000);
  limits.take([key], 70, 11_000);
  const look = () => limits.windows(key, 21_000);
  expect(look()).toEqual({
    requests: { limit: 2, used: 2, remaining: 0, resetMs: 50_000 },
    tokens: { limit: 100, used: 130, remaining: 0, resetMs: 50_000 },
    concurrency: { limit: 1, used: 2, remaining: 0, resetMs: null },
  });
  expect(look()).toEqual(look());
  lease[Symbol.dispose]();
  const unlimited = { ...key, rpm: null, tpm: null, concurrency: null };
  const none = { limit: null, used: null, remaining: null, resetMs: null };
  expect(limits.windows(unlimited, 21_000)).toEqual({
    requests: none,
    tokens: none,
    concurrency: { ...none, used: 1 },
  });
});
