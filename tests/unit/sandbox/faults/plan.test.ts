import { describe, expect, test } from '@jest/globals';
import { FaultPlan, type FaultTarget } from '../../../../src/sandbox/faults/plan.ts';

const call: FaultTarget = {
  credential: 'first',
  model: 'gpt-4o',
  path: '/v1/chat/completions',
  ordinal: 1,
  isMetered: true,
  isBeforeBody: false,
};

function takenFrom(plan: FaultPlan, change: Partial<FaultTarget> = {}): string | null {
  return plan.take({ ...call, ...change })?.text ?? null;
}

describe('a standing fault', () => {
  test('strikes as often as it says', () => {
    const plan = new FaultPlan();
    plan.set('first', 'no-done', { times: 2 });
    expect([takenFrom(plan), takenFrom(plan), takenFrom(plan)]).toEqual([
      'no-done',
      'no-done',
      null,
    ]);
    expect(plan.rules('first')).toEqual([]);
  });

  test('strikes for ever by default', () => {
    const plan = new FaultPlan();
    plan.set('first', 'no-done');
    for (let count = 0; count < 100; count += 1) expect(takenFrom(plan)).toBe('no-done');
    expect(plan.rules('first')).toEqual([
      { fault: 'no-done', times: null, model: null, path: null, from: 1 },
    ]);
  });

  test.each<[string, Partial<FaultTarget>]>([
    ['another credential', { credential: 'second' }],
    ['another model', { model: 'gpt-4o-mini' }],
    ['no model', { model: null }],
    ['a call without a meter', { isMetered: false, path: '/v1/credits' }],
    ['a call whose body is not read yet', { isBeforeBody: true }],
  ])('spares %s, and does not count it', (_name, change) => {
    const plan = new FaultPlan();
    plan.set('first', 'no-done', { times: 1, model: 'gpt-4o' });
    expect(takenFrom(plan, change)).toBeNull();
    expect(takenFrom(plan)).toBe('no-done');
  });

  test('with a path strikes that path alone, metered or not', () => {
    const plan = new FaultPlan();
    plan.set('first', 'status', { path: '/v1/credits' });
    expect(takenFrom(plan)).toBeNull();
    expect(takenFrom(plan, { isMetered: false, path: '/v1/credits' })).toBe('status');
  });

  test('can wait for a connection that is used again', () => {
    const plan = new FaultPlan();
    plan.set('first', 'no-done', { from: 2, times: 2 });
    const struck = [1, 2, 1, 3, 4].map((ordinal) => takenFrom(plan, { ordinal }));
    expect(struck).toEqual([null, 'no-done', null, 'no-done', null]);
  });

  test('replaces the one with the same model and path', () => {
    const plan = new FaultPlan();
    plan.set('first', 'no-done');
    plan.set('first', 'status', { model: 'gpt-4o-mini' });
    plan.set('first', 'no-usage');
    expect(plan.rules('first').map((rule) => rule.fault)).toEqual(['status', 'no-usage']);
  });

  test('of the early kind strikes before the body', () => {
    const plan = new FaultPlan();
    plan.set('first', 'early-status');
    expect(takenFrom(plan)).toBeNull();
    expect(takenFrom(plan, { isBeforeBody: true })).toBe('early-status');
  });

  test('is lifted for one or for all', () => {
    const plan = new FaultPlan();
    plan.set('first', 'no-done');
    plan.set('second', 'no-done');
    plan.clear('first');
    expect([takenFrom(plan), takenFrom(plan, { credential: 'second' })]).toEqual([null, 'no-done']);
    plan.clear();
    expect(takenFrom(plan, { credential: 'second' })).toBeNull();
  });

  test('that cannot be read changes nothing', () => {
    const plan = new FaultPlan();
    plan.set('first', 'no-done');
    expect(() => plan.set('first', 'nope')).toThrow("There is no fault 'nope'");
    expect(takenFrom(plan)).toBe('no-done');
  });
});
