import type { JsonObject } from './json.ts';

/** `usage` marks the event that tells usage, `done` the end marker, `content` produced output. */
export type SseRole = 'content' | 'usage' | 'done' | 'other';

/** One server-sent event, kept as its finished text (with the closing blank line). */
export interface SseEvent {
  role: SseRole;
  text: string;
}

export const doneEvent: SseEvent = { role: 'done', text: 'data: [DONE]\n\n' };

/** An event whose payload is JSON; `name` adds the `event:` line of typed streams. */
export function jsonEvent(role: SseRole, value: object, name?: string): SseEvent {
  const data = `data: ${JSON.stringify(value)}\n\n`;
  return { role, text: name === undefined ? data : `event: ${name}\n${data}` };
}

/** The JSON payload of an event made by `jsonEvent`, null for any other text. */
export function payloadOf(event: SseEvent): JsonObject | null {
  const start = event.text.indexOf('data: {');
  if (start === -1) return null;
  return JSON.parse(event.text.slice(start + 6)) as JsonObject;
}

/** The same event with another payload; its `event:` line stays. */
export function withPayload(event: SseEvent, payload: object): SseEvent {
  const start = event.text.indexOf('data: ');
  return { ...event, text: `${event.text.slice(0, start)}data: ${JSON.stringify(payload)}\n\n` };
}
