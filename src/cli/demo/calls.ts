import { SseSplitter } from '../../lib/sse.ts';
import type { ShownRequest } from './request.ts';

const MODEL = 'gpt-4o-mini';

/** A chat call of the virtual key in a variable. */
export function chat(content: string, options: ChatOptions = {}): ShownRequest {
  const { key = '$KEY', isStream = false, maxTokens } = options;
  return {
    url: '$TOLLGATE/v1/chat/completions',
    headers: { authorization: `Bearer ${key}` },
    body: {
      model: MODEL,
      messages: [{ role: 'user', content }],
      ...(maxTokens === undefined ? {} : { max_tokens: maxTokens }),
      ...(isStream ? { stream: true } : {}),
    },
    isStream,
  };
}

interface ChatOptions {
  key?: string;
  isStream?: boolean;
  maxTokens?: number;
}

/** An operation of the control plane, asked as its administrator. */
export const graphql = (query: string, { isStream = false } = {}): ShownRequest => ({
  url: '$TOLLGATE/graphql',
  headers: {
    authorization: 'Bearer $ADMIN',
    ...(isStream ? { accept: 'text/event-stream' } : {}),
  },
  body: { query: query.replaceAll(/\s+/g, ' ').trim() },
  isStream,
});

/** What an operation answers. Throws when it was refused: the tour has nothing to show then. */
export async function dataOf<T>(response: Response): Promise<T> {
  const { data, errors } = (await response.json()) as { data?: T; errors?: { message: string }[] };
  if (data === undefined || data === null || errors !== undefined) {
    throw new Error((errors ?? []).map(({ message }) => message).join('; ') || 'no answer');
  }
  return data;
}

/** The data of a stream's events, as they come. */
export async function* eventData(response: Response): AsyncGenerator<string> {
  const splitter = new SseSplitter();
  for await (const chunk of response.body ?? []) {
    for (const { data } of splitter.push(Buffer.from(chunk))) if (data !== null) yield data;
  }
}
