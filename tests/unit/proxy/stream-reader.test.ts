import { describe, expect, test } from '@jest/globals';
import { noUsage } from '../../../src/entities/usage.ts';
import { SseEvent } from '../../../src/lib/sse.ts';
import { ChatStreamReader, TypedStreamReader } from '../../../src/proxy/stream-reader.ts';
import type { StreamReader } from '../../../src/proxy/stream-reader.ts';
import { responsesUsage } from '../../../src/proxy/usage-readers.ts';

const event = (data: unknown) =>
  new SseEvent(Buffer.from(`data: ${typeof data === 'string' ? data : JSON.stringify(data)}\n\n`));

/** What each event was taken for: true where it only tells the usage. */
const noteAll = (reader: StreamReader, ...all: unknown[]) =>
  all.map((data) => reader.note(event(data)));

const says = (content: string) => ({ choices: [{ delta: { content } }] });
const STOP = { choices: [{ delta: {}, finish_reason: 'stop' }] };
const USAGE = { choices: [], usage: { prompt_tokens: 3, completion_tokens: 2 } };
const DONE = '[DONE]';
const item = (facts: object) => ({ type: 'response.output_item.added', item: facts });

const aReader = () => new TypedStreamReader(['response.completed'], responsesUsage);

describe('chat', () => {
  test.each([
    ['everything', [says('a'), STOP, USAGE, DONE], true],
    ['no usage', [says('a'), STOP, DONE], true],
    ['no finish_reason', [says('a'), USAGE, DONE], true],
    ['no [DONE] but the usage', [says('a'), STOP, USAGE], true],
    ['no [DONE] and no usage', [says('a'), STOP], false],
    ['text alone', [says('a')], false],
    ['usage alone', [USAGE], false],
    ['an error, then [DONE]', [says('a'), { error: { message: 'x' } }, DONE], false],
    ['nothing', [], false],
  ])('%s', (_name, events, isComplete) => {
    const reader = new ChatStreamReader();
    noteAll(reader, ...events);
    expect(reader.isComplete).toBe(isComplete);
    expect(reader.owed?.toString()).toBe(events.includes(DONE) ? undefined : 'data: [DONE]\n\n');
  });

  test('only the event that tells nothing but the usage is told apart', () => {
    const reader = new ChatStreamReader();
    const riding = { ...says('a'), usage: { prompt_tokens: 1, completion_tokens: 1 } };
    const empty = { ...says('b'), usage: null };
    const shown = noteAll(reader, riding, empty, STOP, USAGE, DONE);
    expect(shown).toEqual([false, false, false, true, false]);
    expect(reader.usage).toEqual({ ...noUsage(), input: 3, output: 2 });
  });

  test.each([
    [{ error: { message: 'x' } }, { status: 500, code: null }],
    [{ error: 'x' }, { status: 500, code: null }],
    [{ error: true }, { status: 500, code: null }],
    [{ error: { code: 402 } }, { status: 402, code: null }],
    [{ error: { code: 'rate_limit_exceeded' } }, { status: 429, code: 'rate_limit_exceeded' }],
    [
      { ...says('a'), error: { code: 'x' } },
      { status: 500, code: 'x' },
    ],
    [{ error: null }, null],
  ])('%j tells the error %j', (data, error) => {
    const reader = new ChatStreamReader();
    noteAll(reader, says('a'), data);
    expect(reader.error).toEqual(error);
  });

  test('an error that tells a usage is no mere usage: it must be seen', () => {
    const reader = new ChatStreamReader();
    expect(noteAll(reader, { ...USAGE, error: { code: 'x' } })).toEqual([false]);
    expect(reader.usage).toEqual({ ...noUsage(), input: 3, output: 2 });
  });

  test('a usage that cannot be believed leaves none', () => {
    const reader = new ChatStreamReader();
    noteAll(reader, USAGE, { choices: [], usage: { prompt_tokens: -3 } });
    expect(reader.usage).toBeNull();
  });

  test.each([
    ['content', { delta: { content: 'é😀' } }, 6],
    ['reasoning', { delta: { reasoning_content: 'abc' } }, 3],
    ['legacy text', { text: 'abcd' }, 4],
    ['tool calls', { delta: { tool_calls: [{ x: 1 }] } }, 7],
    ['the call of older models', { delta: { function_call: { name: 'f', arguments: '{}' } } }, 3],
    [
      'the words of a sound, not its bytes',
      { delta: { audio: { transcript: 'a', data: 'AA' } } },
      1,
    ],
    ['nothing', { delta: null }, 0],
  ])('%s counts as produced', (_name, choice, bytes) => {
    const reader = new ChatStreamReader();
    noteAll(reader, { choices: [choice, choice] });
    expect(reader.producedBytes).toBe(bytes * 2);
  });

  test.each<[string, object, boolean]>([
    ['a picture', { images: [{ type: 'image_url' }] }, true],
    ['sound', { audio: { data: 'AAAA' } }, true],
    ['a role', { role: 'assistant', content: '' }, false],
  ])('%s is produced, though it has no text: %j', (_name, delta, hasProduced) => {
    const reader = new ChatStreamReader();
    noteAll(reader, { choices: [{ delta }] });
    expect(reader).toMatchObject({ hasProduced, producedBytes: 0 });
  });

  test.each([['not JSON'], ['[1]'], ['{"choices":{}}'], ['{"choices":[null,1]}'], ['null']])(
    'a malformed event passes without harm: %s',
    (data) => {
      const reader = new ChatStreamReader();
      expect(noteAll(reader, data)).toEqual([false]);
      expect(reader.note(new SseEvent(Buffer.from(': ping\n\n')))).toBe(false);
      expect(reader).toMatchObject({ error: null, producedBytes: 0, isComplete: false });
    },
  );
});

describe('typed events', () => {
  const told = { input_tokens: 4, output_tokens: 5 };

  test('the final event makes it whole, with the usage of its response', () => {
    const reader = aReader();
    noteAll(reader, { type: 'response.created', response: { usage: null } });
    noteAll(reader, { type: 'response.output_text.delta', delta: 'abc' });
    expect(reader).toMatchObject({ isComplete: false, isLast: false, producedBytes: 3 });
    noteAll(reader, { type: 'response.completed', response: { usage: told } });
    expect(reader).toMatchObject({ isComplete: true, isLast: true });
    expect(reader.usage).toEqual({ ...noUsage(), input: 4, output: 5 });
    expect(reader.owed).toBeUndefined();
  });

  test('the usage may be in the event itself', () => {
    const reader = aReader();
    noteAll(reader, { type: 'response.completed', usage: told });
    expect(reader.usage).toEqual({ ...noUsage(), input: 4, output: 5 });
  });

  test.each([
    [{ type: 'error' }, { status: 500, code: null }],
    [
      { type: 'error', code: 'rate_limit_exceeded' },
      { status: 429, code: 'rate_limit_exceeded' },
    ],
    [
      { type: 'error', error: { code: 'invalid_api_key' } },
      { status: 401, code: 'invalid_api_key' },
    ],
    [
      { type: 'response.failed', response: {} },
      { status: 500, code: null },
    ],
    [{ type: 'response.failed' }, { status: 500, code: null }],
    [
      { type: 'response.failed', response: { error: { code: 'rate_limit_exceeded' } } },
      { status: 429, code: 'rate_limit_exceeded' },
    ],
  ])('%j is an error', (data, error) => {
    const reader = aReader();
    noteAll(reader, { type: 'response.output_text.delta', delta: 'abc' }, data);
    expect(reader.error).toEqual(error);
    noteAll(reader, { type: 'response.completed', response: { usage: told } });
    expect(reader.isComplete).toBe(false);
  });

  test('several finals are one answer, each with a usage of its own', () => {
    const reader = new TypedStreamReader(['done'], responsesUsage, { several: true });
    noteAll(reader, { type: 'done', usage: told });
    expect(reader).toMatchObject({ isComplete: true, isLast: false });
    noteAll(reader, { type: 'done', usage: told });
    expect(reader.usage).toEqual({ ...noUsage(), input: 8, output: 10 });
  });

  test('arguments of a call, its name and a refusal are said too, and sound is not', () => {
    const reader = aReader();
    noteAll(
      reader,
      { type: 'response.output_text.delta', output_index: 0, delta: 'a' },
      {
        type: 'response.output_item.added',
        output_index: 1,
        item: { type: 'function_call', name: 'look', arguments: '' },
      },
      { type: 'response.function_call_arguments.delta', output_index: 1, delta: '{}' },
      { type: 'response.refusal.delta', output_index: 2, delta: 'No.' },
      { type: 'response.output_audio.delta', output_index: 3, delta: 'AAAA' },
    );
    expect(reader.spoken.texts).toEqual(['a', 'look', '{}', 'No.']);
    expect(reader).toMatchObject({ producedBytes: 10, textChars: 1 });
  });

  const drawn = { type: 'image_generation_call', result: 'AAAA' };

  test.each<[string, object, hasProduced: boolean, isCountable: boolean]>([
    ['text', { type: 'response.output_text.delta', delta: 'a' }, true, true],
    ['no text yet', { type: 'response.output_text.delta', delta: '' }, false, false],
    ['arguments', { type: 'response.function_call_arguments.delta', delta: '{' }, true, true],
    ['a call', item({ type: 'function_call', name: 'f', arguments: '' }), true, true],
    ['sound of a response', { type: 'response.audio.delta', delta: 'AAAA' }, true, false],
    ['its words', { type: 'response.audio.transcript.delta', delta: 'a' }, true, true],
    ['speech', { type: 'speech.audio.delta', audio: 'AAAA' }, true, false],
    ['a picture in the making', { type: 'image_generation.partial_image' }, true, false],
    ['an edited one', { type: 'image_edit.partial_image', b64_json: 'AAAA' }, true, false],
    ['a delta nobody knows', { type: 'response.x.delta', delta: { y: 1 } }, true, false],
    ['a drawn picture', { type: 'response.output_item.done', item: drawn }, true, false],
    ['thinking', item({ type: 'reasoning', summary: [] }), true, false],
    ['a message without text', item({ type: 'message', content: [] }), false, false],
    ['text in one piece', { type: 'transcript.text.segment', text: 'a' }, true, false],
    ['all at once', { type: 'response.completed', response: { output: [drawn] } }, true, false],
    ['a beginning', { type: 'response.created', response: { output: [] } }, false, false],
    ['a sign of life', { type: 'keepalive', sequence_number: 1 }, false, false],
  ])('%s is produced, and can be counted: %j, %s, %s', (_name, data, hasProduced, isCountable) => {
    const reader = aReader();
    noteAll(reader, data);
    expect(reader.hasProduced).toBe(hasProduced);
    expect(reader.spoken.isCountable).toBe(isCountable);
  });

  test.each<[string, object]>([
    ['sound', { type: 'response.audio.delta', delta: 'AAAA'.repeat(1000) }],
    ['a picture in the making', { type: 'response.image_generation_call.partial_image' }],
    ['a drawn picture', { type: 'response.output_item.done', item: drawn }],
  ])('%s has no bytes of text, and text beside it is not all: %j', (_name, data) => {
    const reader = aReader();
    noteAll(reader, { type: 'response.output_text.delta', delta: 'abc' }, data);
    expect(reader.producedBytes).toBe(3);
    expect(reader.spoken.isCountable).toBe(false);
  });

  test('[DONE] means nothing here', () => {
    const reader = aReader();
    noteAll(reader, DONE);
    expect(reader.isComplete).toBe(false);
  });
});
