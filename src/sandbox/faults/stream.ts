import { isObject, type JsonObject } from '../json.ts';
import { errorBody } from '../api-error.ts';
import { doneEvent, jsonEvent, payloadOf, withPayload, type SseEvent } from '../sse.ts';
import { contentPosition, editEvents, insertAfterContent } from './edit.ts';
import type { Fault, Params } from './fault.ts';

const after = { default: 2, about: 'content events before it' };
const code = { default: 'server_error', about: 'error.code' };

function errorEvent(params: Params): SseEvent {
  const facts = { type: 'server_error', code: params.text('code') };
  return jsonEvent('other', errorBody('The sandbox was asked to fail.', facts));
}

/** The first content event with `text` as its content; null when there is none. */
function contentLike(events: readonly SseEvent[], text: string): SseEvent | null {
  const model = events.find((event) => event.role === 'content');
  const payload = model === undefined ? null : payloadOf(model);
  if (model === undefined || payload === null) return null;
  return withPayload(model, withText(payload, text));
}

function withText(payload: JsonObject, text: string): JsonObject {
  if (!Array.isArray(payload['choices'])) return { ...payload, delta: text };
  const choice: unknown = payload['choices'][0];
  if (!isObject(choice)) return payload;
  const said = 'delta' in choice ? { delta: { content: text } } : { text };
  return { ...payload, choices: [{ ...choice, ...said }] };
}

/** Faults in the order and number of a stream's events. */
export const streamFaults: readonly Fault[] = [
  {
    name: 'no-done',
    description: 'A stream that ends properly but without its end marker.',
    answer: (answer) =>
      editEvents(answer, (events) => events.filter((event) => event.role !== 'done')),
  },
  {
    name: 'no-finish-reason',
    description: 'A chat stream without any finish_reason, though with [DONE].',
    answer: (answer) =>
      editEvents(answer, (events) =>
        events.filter((event) => !/"finish_reason":"/.test(event.text)),
      ),
  },
  {
    name: 'first-event-error',
    description: 'A stream whose only event is an error.',
    params: { code },
    answer: (answer, params) => ({
      ...editEvents(answer, () => [errorEvent(params)]),
      usage: null,
      metered: null,
      costNano: 0n,
    }),
  },
  {
    name: 'mid-stream-error',
    description: 'A stream that breaks off with an error event and ends.',
    params: { after, code },
    answer: (answer, params) => ({
      ...editEvents(answer, (events) => [
        ...events.slice(0, contentPosition(events, params.number('after'))),
        errorEvent(params),
      ]),
      usage: null,
    }),
  },
  {
    name: 'malformed-event',
    description: 'One event whose data is not JSON.',
    params: { after },
    answer: (answer, params) =>
      editEvents(answer, (events) =>
        insertAfterContent(events, params.number('after'), [
          { role: 'other', text: 'data: {"choices":[{"delta":\n\n' },
        ]),
      ),
  },
  {
    name: 'big-event',
    description: 'One content event of the given size.',
    params: { bytes: { default: 1_000_000, about: 'size of its text' }, after },
    answer: (answer, params) =>
      editEvents(answer, (events) => {
        const big = contentLike(events, 'x'.repeat(params.number('bytes')));
        return big === null ? events : insertAfterContent(events, params.number('after'), [big]);
      }),
  },
  {
    name: 'extra-after-done',
    description: 'Content behind the end marker.',
    answer: (answer) =>
      editEvents(answer, (events) => {
        const extra = contentLike(events, ' late');
        return extra === null ? events : [...events, extra, doneEvent];
      }),
  },
  {
    name: 'comments',
    description: 'Heartbeat comments before every event.',
    params: { count: { default: 1, about: 'comments before each event' } },
    answer: (answer, params) => {
      const comment: SseEvent = { role: 'other', text: ': heartbeat\n\n' };
      const comments = Array.from({ length: params.number('count') }, () => comment);
      return editEvents(answer, (events) => events.flatMap((event) => [...comments, event]));
    },
  },
];
