import type { Gateway } from './gateway.ts';
import { adminToken } from './live-client.ts';

export interface StreamEvent {
  event: string;
  /** Null for an event without any. */
  // oxlint-disable-next-line typescript/no-explicit-any -- a test knows what it asked for
  data: any;
}

export interface EventStreamClient {
  status: number;
  headers: Headers;
  /** Comments so far. */
  comments: string[];
  /** The next event; null when the stream is over. */
  next(): Promise<StreamEvent | null>;
  leave(): Promise<void>;
}

/** An operation over server-sent events, as a client without WebSocket asks for it. */
export async function eventStream(
  gateway: Pick<Gateway, 'url' | 'space'>,
  body: unknown,
  { token = adminToken(gateway), accept = 'text/event-stream' } = {},
): Promise<EventStreamClient> {
  const response = await fetch(`${gateway.url}/graphql`, {
    method: 'POST',
    headers: { accept, 'content-type': 'application/json', authorization: `Bearer ${token}` },
    body: JSON.stringify(body),
  });
  const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
  const comments: string[] = [];
  let text = '';

  const block = async (): Promise<string | null> => {
    while (!text.includes('\n\n')) {
      const { value, done } = (await reader?.read()) ?? { done: true };
      if (done || value === undefined) return null;
      text += value;
    }
    const end = text.indexOf('\n\n');
    const found = text.slice(0, end);
    text = text.slice(end + 2);
    return found;
  };
  return {
    status: response.status,
    headers: response.headers,
    comments,
    async next() {
      for (let found = await block(); found !== null; found = await block()) {
        if (found.startsWith(':')) {
          comments.push(found.slice(1).trim());
          continue;
        }
        const fields = new Map(
          found.split('\n').map((line) => {
            const colon = line.indexOf(':');
            return [line.slice(0, colon), line.slice(colon + 1).trim()];
          }),
        );
        const data = fields.get('data') ?? '';
        return { event: fields.get('event') ?? '', data: data === '' ? null : JSON.parse(data) };
      }
      return null;
    },
    leave: async () => await reader?.cancel(),
  };
}
