import { expect, test } from '@jest/globals';
import { Spoken, spokenIn } from '../../../src/proxy/spoken.ts';

test.each([
  ['a piece of text', { delta: { content: 'é😀' } }, 6, 3],
  ['a whole text', { message: { content: 'abc' } }, 3, 3],
  ['a refusal', { message: { content: null, refusal: 'No.' } }, 3, 3],
  ['reasoning and text', { delta: { reasoning_content: 'ab', content: 'c' } }, 3, 3],
  ['the text of a legacy completion', { text: 'abcd' }, 4, 4],
  ['a tool call, which nobody reads', { delta: { tool_calls: [{ x: 1 }] } }, 9, 0],
  ['nothing', { delta: {} }, 0, 0],
  ['nothing at all', { delta: null }, 0, 0],
  ['text that is none', { delta: { content: [1], refusal: 7 }, text: {} }, 0, 0],
  ['no choice', null, 0, 0],
])('%s', (_name, choice, bytes, chars) => {
  const spoken = new Spoken();
  spoken.note(choice);
  expect(spoken).toMatchObject({ bytes, chars });
});

test('of a whole answer all choices count, or all its output', () => {
  const choice = { message: { content: 'abc' } };
  expect(spokenIn({ choices: [choice, choice, 1] })).toMatchObject({ bytes: 6, chars: 6 });
  const item = { content: [{ type: 'output_text', text: 'abc' }, { type: 'refusal' }, null] };
  expect(spokenIn({ output: [item, { type: 'reasoning' }, 'x'] })).toMatchObject({ chars: 3 });
  expect(spokenIn({ choices: {}, output: 'x' })).toMatchObject({ bytes: 0, chars: 0 });
});
