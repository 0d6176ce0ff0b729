import type { JsonObject } from './json.ts';
import type { SseEvent } from './sse.ts';
import type { Units } from './units.ts';

export type AnswerBody =
  | { kind: 'json'; value: JsonObject }
  | { kind: 'bytes'; contentType: string; bytes: Buffer }
  | { kind: 'events'; events: readonly SseEvent[] };

/** What an endpoint says, before it becomes bytes. Faults of the first kind rewrite this. */
export interface Answer {
  status: number;
  headers: Record<string, string | string[]>;
  body: AnswerBody;
  /** The usage object exactly as the body tells it; null when the body tells none. */
  usage: object | null;
  /** What was honestly consumed, told or not; the cost comes from this. */
  metered: Units | null;
  costNano: bigint;
}

/** An unmetered JSON answer. */
export function jsonAnswer(value: JsonObject, status = 200): Answer {
  return {
    status,
    headers: {},
    body: { kind: 'json', value },
    usage: null,
    metered: null,
    costNano: 0n,
  };
}
