import { expect, test } from '@jest/globals';
import { Spoken, spokenIn } from '../../../src/proxy/spoken.ts';

test.each([
  ['a piece of text', { delta: { content: 'é😀' } }, 6, 3],
  ['a whole text', { message: { content: 'abc' } }, 3, 3],
  ['a refusal', { message: { content: null, refusal: 'No.' } }, 3, 3],
  ['reasoning and text', { delta: { reasoning_content: 'ab', content: 'c' } }, 3, 3],
  ['the text of a legacy completion', { text: 'abcd' }, 4, 4],
  ['a tool call, which nobody reads', { delta: { tool_calls: [{ x: 1 }] } }, 7, 0],
  ['nothing', { delta: {} }, 0, 0],
  ['nothing at all', { delta: null }, 0, 0],
  ['reasoning under its other name', { delta: { reasoning: 'ab' } }, 2, 2],
  ['reasoning under both', { delta: { reasoning: 'ab', reasoning_content: 'ab' } }, 2, 2],
  ['text in parts', { message: { content: [{ type: 'text', text: 'ab' }, { x: 1 }] } }, 2, 2],
  [
    'the name and the arguments of a call',
    { delta: { tool_calls: [{ index: 0, id: 'c', function: { name: 'f', arguments: '{}' } }] } },
    3,
    0,
  ],
  [
    'the only call of older models',
    { delta: { function_call: { name: 'f', arguments: '{"x":1}' } } },
    8,
    0,
  ],
  [
    'the words of a sound',
    { delta: { audio: { id: 'a', transcript: 'abc', data: 'AAAA' } } },
    3,
    3,
  ],
  [
    'reasoning in details',
    { delta: { reasoning_details: [{ text: 'a' }, { summary: 'b' }] } },
    2,
    2,
  ],
  [
    'reasoning that its details repeat',
    { delta: { reasoning: 'ab', reasoning_details: [{ type: 'reasoning.text', text: 'ab' }] } },
    2,
    2,
  ],
  ['text that is none', { delta: { content: [1], refusal: 7 }, text: {} }, 0, 0],
  ['no choice', null, 0, 0],
])('%s', (_name, choice, bytes, chars) => {
  const spoken = new Spoken();
  spoken.note(choice);
  expect(spoken).toMatchObject({ bytes, chars });
});

const PICTURE = { type: 'image_url', image_url: { url: 'data:image/png;base64,AAAA' } };

test.each<[string, object, hasAny: boolean, isCountable: boolean]>([
  ['text', { content: 'a' }, true, true],
  ['a call', { function_call: { name: 'f', arguments: '' } }, true, true],
  ['a picture', { images: [PICTURE] }, true, false],
  ['a picture with text', { content: 'a', images: [PICTURE] }, true, false],
  [
    'a picture as a part of the text',
    { content: [{ type: 'text', text: 'a' }, PICTURE] },
    true,
    false,
  ],
  ['sound', { audio: { data: 'AAAA' } }, true, false],
  ['sound with its words', { audio: { transcript: 'a', data: 'AAAA' } }, true, false],
  ['thoughts nobody can read', { reasoning_details: [{ data: 'AAAA' }] }, true, false],
  ['what nobody knows', { hologram: 'AAAA' }, true, false],
  ['what nobody knows, with text', { content: 'a', hologram: ['AAAA'] }, true, true],
  [
    'a signature of thoughts, with text',
    { content: 'a', reasoning_details: [{ type: 'reasoning.text', signature: 's' }] },
    true,
    true,
  ],
  [
    'a beginning',
    { role: 'assistant', content: '', refusal: null, channel: 'final' },
    false,
    false,
  ],
  ['an empty list or object', { annotations: [], extra: {}, other: { list: null } }, false, false],
  ['the beginning of a sound', { audio: { id: 'audio_1', expires_at: 9 } }, false, false],
])('%s is something, and can be counted: %j, %s, %s', (_name, said, hasAny, isCountable) => {
  for (const choice of [{ delta: said }, { message: said }]) {
    const spoken = new Spoken();
    spoken.note(choice);
    expect(spoken).toMatchObject({ hasAny, isCountable });
  }
});

test('what has been a picture stays one, whatever is said after it', () => {
  const spoken = new Spoken();
  spoken.note({ delta: { images: [PICTURE] } });
  spoken.note({ delta: { content: 'There it is.' } });
  expect(spoken).toMatchObject({ bytes: 12, hasAny: true, isCountable: false });
});

test('of a whole answer all choices count, or all its output', () => {
  const choice = { message: { content: 'abc' } };
  expect(spokenIn({ choices: [choice, choice, 1] })).toMatchObject({ bytes: 6, chars: 6 });
  const item = { content: [{ type: 'output_text', text: 'abc' }, { type: 'refusal' }, null] };
  expect(spokenIn({ output: [item, { type: 'reasoning' }, 'x'] })).toMatchObject({ chars: 3 });
  expect(spokenIn({ choices: {}, output: 'x' })).toMatchObject({ bytes: 0, chars: 0 });
});

test('of a whole answer also what it calls, refuses, and thinks of', () => {
  const output = [
    { type: 'reasoning', summary: [{ type: 'summary_text', text: 'so' }] },
    { type: 'message', content: [{ type: 'refusal', refusal: 'No.' }] },
    { type: 'function_call', name: 'look', arguments: '{}' },
  ];
  expect(spokenIn({ output }).texts).toEqual(['so', 'No.', 'look{}']);
  expect(spokenIn({ text: 'a transcript' }).texts).toEqual(['a transcript']);
});

test('pieces are put together by choice, and by what they are', () => {
  const spoken = new Spoken();
  for (let round = 0; round < 200; round += 1) {
    spoken.note({ index: 0, delta: { reasoning_content: 'r', content: 'a' } });
    spoken.note({ index: 1, delta: { content: 'b' } });
    spoken.note({ index: 1, delta: { tool_calls: [{ function: { arguments: 'c' } }] } });
  }
  expect(spoken.texts).toEqual(['a', 'r', 'b', 'c'].map((letter) => letter.repeat(200)));
  expect(spoken).toMatchObject({ bytes: 800, scale: 1 });
});

test('choices that nobody can ask for are one', () => {
  const spoken = new Spoken();
  for (const index of [1e9, -1, Number.NaN, 'x', 128]) spoken.note({ index, text: 'a' });
  expect(spoken.texts).toEqual(['aaaaa']);
});

test('a text that never ends is kept no longer than is worth it, and its size says the rest', () => {
  const spoken = new Spoken();
  const piece = 'é'.repeat(1024);
  for (let round = 0; round < 3000; round += 1) spoken.note({ delta: { content: piece } });
  expect(spoken.bytes).toBe(3000 * 2048);
  expect(spoken.texts.join('')).toHaveLength(768 * 1024);
  expect(spoken.scale).toBeCloseTo(3000 / 768, 9);
});
