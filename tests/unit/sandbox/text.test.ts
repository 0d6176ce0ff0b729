import { describe, expect, test } from '@jest/globals';
import { cutPieces, hashText, sentencePieces, splitText } from '../../../src/sandbox/text.ts';

describe('sentencePieces', () => {
  test('depends on the seed alone', () => {
    expect(sentencePieces(7, 9)).toEqual(sentencePieces(7, 9));
    expect(sentencePieces(7, 9)).not.toEqual(sentencePieces(8, 9));
  });

  test.each([1, 2, 50])('%i pieces read as one sentence', (count) => {
    const pieces = sentencePieces(hashText('x'), count);
    expect(pieces).toHaveLength(count);
    expect(pieces.join('')).toMatch(/^[A-Z][a-z]*( [a-z]+)*\.$/);
  });

  test('no pieces make no text', () => {
    expect(sentencePieces(1, 0)).toEqual([]);
  });
});

test('cutPieces keeps exactly the bytes that fit', () => {
  expect(cutPieces(['abc', 'def', 'ghi'], 4)).toEqual(['abc', 'd']);
  expect(cutPieces(['abc'], 4)).toEqual(['abc']);
});

test('splitText loses nothing', () => {
  expect(splitText('abcdefg', 3)).toEqual(['abc', 'def', 'g']);
  expect(splitText('', 3)).toEqual([]);
});
