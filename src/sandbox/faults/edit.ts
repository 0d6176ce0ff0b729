import { isObject, type JsonObject } from '../json.ts';
import type { Answer } from '../answer.ts';
import type { HeaderTable, Step } from '../script.ts';
import { payloadOf, withPayload, type SseEvent, type SseRole } from '../sse.ts';

/** The answer with other events; an answer that is no stream stays as it is. */
export function editEvents(
  answer: Answer,
  edit: (events: readonly SseEvent[]) => readonly SseEvent[],
): Answer {
  if (answer.body.kind !== 'events') return answer;
  return { ...answer, body: { kind: 'events', events: edit(answer.body.events) } };
}

/** The answer with another JSON value; an answer that is not JSON stays as it is. */
export function editJson(answer: Answer, edit: (value: JsonObject) => JsonObject): Answer {
  if (answer.body.kind !== 'json') return answer;
  return { ...answer, body: { kind: 'json', value: edit(answer.body.value) } };
}

/** Both: the answer with another value in each JSON payload; of a stream perhaps of one role alone. */
export function editPayloads(
  answer: Answer,
  edit: (value: JsonObject) => JsonObject,
  role?: SseRole,
): Answer {
  return editEvents(editJson(answer, edit), (events) =>
    events.map((event) => {
      const payload = role === undefined || event.role === role ? payloadOf(event) : null;
      return payload === null ? event : withPayload(event, edit(payload));
    }),
  );
}

/** Events with one put in after the first `count` content events (at the end if there are fewer). */
export function insertAfterContent(
  events: readonly SseEvent[],
  count: number,
  inserted: readonly SseEvent[],
): SseEvent[] {
  const at = contentPosition(events, count);
  return [...events.slice(0, at), ...inserted, ...events.slice(at)];
}

/** Index behind the `count`-th content event. */
export function contentPosition(events: readonly SseEvent[], count: number): number {
  let seen = 0;
  for (const [index, event] of events.entries()) {
    if (seen >= count) return index;
    if (event.role === 'content') seen += 1;
  }
  return events.length;
}

/** The answer with its told usage replaced everywhere; null takes it out. */
export function replaceUsage(answer: Answer, usage: object | null): Answer {
  if (answer.usage === null) return answer;
  const inValue = (value: JsonObject): JsonObject => {
    const { usage: _told, ...rest } = value;
    return usage === null ? rest : { ...rest, usage };
  };
  const inEvent = (event: SseEvent): SseEvent[] => {
    const payload = event.role === 'usage' ? payloadOf(event) : null;
    if (payload === null) return [event];
    if (isObject(payload['response'])) {
      return [withPayload(event, { ...payload, response: inValue(payload['response']) })];
    }
    const isOnlyUsage = Array.isArray(payload['choices']) && payload['choices'].length === 0;
    return usage === null && isOnlyUsage ? [] : [withPayload(event, inValue(payload))];
  };
  const edited = editEvents(editJson(answer, inValue), (events) => events.flatMap(inEvent));
  return { ...edited, usage };
}

/** A value with every number in it, however deep, replaced. */
export function editNumbers(value: unknown, edit: (number: number) => unknown): unknown {
  if (typeof value === 'number') return edit(value);
  if (!isObject(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, each]) => [name, editNumbers(each, edit)]),
  );
}

/** An answer that says only this, tells no usage and costs nothing. */
export function replaceBody(
  answer: Answer,
  status: number,
  body: Answer['body'],
  headers: HeaderTable = {},
): Answer {
  return { ...answer, status, body, headers, usage: null, metered: null, costNano: 0n };
}

/** Steps with the head's header table edited. */
export function editHead(
  steps: readonly Step[],
  edit: (headers: HeaderTable) => HeaderTable,
): Step[] {
  return steps.map((step) =>
    step.do === 'head' ? { ...step, headers: edit(step.headers) } : step,
  );
}

/** All bytes of the body, in one piece. */
export function bodyOf(steps: readonly Step[]): Buffer {
  const parts = steps.flatMap((step) => (step.do === 'write' ? [Buffer.from(step.bytes)] : []));
  return Buffer.concat(parts);
}

/** Steps that declare another length, if they declare one at all. */
export function withLength(steps: readonly Step[], length: number): Step[] {
  return editHead(steps, (headers) =>
    headers['content-length'] === undefined
      ? headers
      : { ...headers, 'content-length': String(length) },
  );
}

/** Steps that send another body in one write, with a content-length that fits if there was one. */
export function setBody(steps: readonly Step[], bytes: Buffer): Step[] {
  const tellsUsage = steps.some((step) => step.do === 'write' && step.tellsUsage);
  const head = withLength(
    steps.filter((step) => step.do === 'head'),
    bytes.length,
  );
  return [...head, { do: 'write', bytes, tellsUsage }, { do: 'end' }];
}
