import { expect, test } from '@jest/globals';
import { Latencies } from '../../../src/pool/latencies.ts';

test('is not known of a model that was never called', () => {
  const latencies = new Latencies();
  latencies.note('m', 100, 0);
  expect([latencies.recent('m', 0), latencies.recent('other', 0)]).toEqual([100, null]);
});

test('moves a tenth of the way with each sample (B3)', () => {
  const latencies = new Latencies();
  latencies.note('m', 100, 1_000_000);
  latencies.note('m', 200, 1_060_000);
  expect(latencies.recent('m', 1_060_000)).toBeCloseTo(110, 9);
  latencies.note('m', 10, 1_061_000);
  expect(latencies.recent('m', 1_061_000)).toBeCloseTo(100, 9);
});

test('what is older than a minute tells nothing: measured anew', () => {
  const latencies = new Latencies();
  latencies.note('m', 100, 0);
  expect(latencies.recent('m', 60_000)).toBe(100);
  expect(latencies.recent('m', 60_001)).toBeNull();
  latencies.note('m', 500, 60_001);
  expect(latencies.recent('m', 60_001)).toBe(500);
});

test('models named by clients do not pile up', () => {
  const latencies = new Latencies();
  for (let at = 0; at <= 200; at += 1) latencies.note(`m${at}`, at, 0);
  expect([latencies.recent('m0', 0), latencies.recent('m1', 0)]).toEqual([null, 1]);
  expect(latencies.recent('m200', 0)).toBe(200);
});

test('all that were noted lately are told', () => {
  const latencies = new Latencies();
  latencies.note('old', 5, 0);
  latencies.note('new', 7, 60_000);
  expect(latencies.all(60_000)).toEqual([
    { model: 'old', ms: 5 },
    { model: 'new', ms: 7 },
  ]);
  expect(latencies.all(60_001)).toEqual([{ model: 'new', ms: 7 }]);
});
