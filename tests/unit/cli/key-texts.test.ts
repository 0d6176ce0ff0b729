import { expect, test } from '@jest/globals';
import { expiryText, limitText, timeText } from '../../../src/cli/key-texts.ts';

test('times are UTC to the second', () => {
  const time = new Date('2026-03-01T23:59:59.999Z');
  expect(timeText(time)).toBe('2026-03-01 23:59:59');
  expect(expiryText(time)).toBe('2026-03-01 23:59:59');
});

test('what has no end or limit says so', () => {
  expect(expiryText(null)).toBe('Never');
  expect(limitText(null, 'requests/minute')).toBe('Unlimited');
  expect(limitText(10, 'requests/minute')).toBe('10 requests/minute');
});
