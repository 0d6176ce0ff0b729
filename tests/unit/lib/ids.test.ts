import { expect, test } from '@jest/globals';
import { validate, version } from 'uuid';
import { idAt, isId, newId } from '../../../src/lib/ids.ts';

test('ids are UUIDv7 of the present, distinct, and sort in order of creation', () => {
  const before = Date.now();
  const ids = Array.from({ length: 5000 }, newId);
  const after = Date.now();
  expect(new Set(ids).size).toBe(ids.length);
  expect(ids.toSorted()).toEqual(ids);
  for (const id of ids) {
    expect(isId(id) && validate(id) && version(id) === 7).toBe(true);
    const timeMs = Number.parseInt(id.replace('-', '').slice(0, 12), 16);
    expect(timeMs >= before && timeMs <= after).toBe(true);
  }
});

test('an id of a time that is past is among those of that time, and no other has it', () => {
  const ms = Date.parse('2026-05-06T12:00:00.123Z');
  const ids = Array.from({ length: 1000 }, () => idAt(ms));
  expect(new Set(ids).size).toBe(ids.length);
  for (const id of ids) {
    expect(isId(id) && version(id) === 7).toBe(true);
    expect(Number.parseInt(id.replace('-', '').slice(0, 12), 16)).toBe(ms);
    expect(id > idAt(ms - 1) && id < idAt(ms + 1)).toBe(true);
  }
  expect(newId() > idAt(ms)).toBe(true);
});

test('the random tails of ids differ', () => {
  const tails = Array.from({ length: 1000 }, () => newId().slice(-12));
  expect(new Set(tails).size).toBe(tails.length);
});

test.each([
  ['version 4', '6b1f6c0e-9a3b-4c2d-8e1f-0123456789ab', false],
  ['another variant', '018f6c0e-9a3b-7c2d-ce1f-0123456789ab', false],
  ['upper case', '018F6C0E-9A3B-7C2D-8E1F-0123456789AB', false],
  ['a line break after it', '018f6c0e-9a3b-7c2d-8e1f-0123456789ab\n', false],
  ['no dashes', '018f6c0e9a3b7c2d8e1f0123456789ab', false],
  ['nothing', '', false],
  ['version 7', '018f6c0e-9a3b-7c2d-8e1f-0123456789ab', true],
])('isId: %s', (_name, text, expected) => {
  expect(isId(text)).toBe(expected);
});
