import { describe, expect, test } from '@jest/globals';
import { ModelLimits } from '../../../src/pool/model-limits.ts';
import { MINUTE_MS, aService } from './fixture.ts';

describe("a model's limits in a pool", () => {
  test('are of the upstream model, however it is asked for', () => {
    const limits = new ModelLimits();
    limits.take(aService({ rpm: 1 }), 0, 0);
    expect(limits.waitMs(aService({ rpm: 1, set: { a: 1 } }), 0, 1000)).toBe(59_000);
    expect(limits.waitMs(aService({ rpm: 1, upstream: 'other' }), 0, 1000)).toBe(0);
    expect(limits.waitMs(aService(), 0, 1000)).toBe(0);
  });

  test('the tokens really used replace the estimate', () => {
    const limits = new ModelLimits();
    const service = aService({ tpm: 100 });
    const settle = limits.take(service, 100, 0);
    expect(limits.waitMs(service, 50, 1000)).toBe(59_000);
    settle(20, 2000);
    expect(limits.waitMs(service, 80, 2000)).toBe(0);
    expect(limits.waitMs(service, 81, 2000)).toBe(58_000);
  });

  test('where nothing is limited nothing is kept', () => {
    const limits = new ModelLimits();
    limits.take(aService(), 1000, 0)(5000, 1);
    expect(limits.waitMs(aService({ rpm: 1, tpm: 10 }), 10, 2)).toBe(0);
  });

  test('are not forgotten by asking for other models', () => {
    const limits = new ModelLimits();
    limits.take(aService({ rpm: 1 }), 0, 30_000);
    for (let at = 0; at < 1100; at += 1) {
      limits.take(aService({ rpm: 1, upstream: `m${at}` }), 0, at);
    }
    limits.take(aService({ rpm: 1, upstream: 'late' }), 0, MINUTE_MS + 2000);
    expect(limits.waitMs(aService({ rpm: 1 }), 0, MINUTE_MS + 2000)).toBe(28_000);
  });
});
