import { request } from 'undici';
import type { Dispatcher } from 'undici';

const ANSWER_BYTES_MAX = 64 * 1024;

export interface TextRequest {
  url: string;
  method?: 'GET' | 'POST';
  headers: Record<string, string>;
  body?: string;
  /** 64 KiB unless given. */
  bytesMax?: number;
}

export interface TextAnswer {
  status: number;
  text: string;
}

export type FetchText = (asked: TextRequest, signal: AbortSignal) => Promise<TextAnswer>;

/** Small requests beside the data plane: no redirects are followed, long answers are an error. */
export const fetchTextBy =
  (dispatcher?: Dispatcher): FetchText =>
  async ({ url, method = 'GET', headers, body, bytesMax = ANSWER_BYTES_MAX }, signal) => {
    const answer = await request(url, {
      method,
      headers,
      body: body ?? null,
      signal,
      ...(dispatcher === undefined ? {} : { dispatcher }),
    });
    const pieces: Buffer[] = [];
    let size = 0;
    for await (const piece of answer.body) {
      const bytes = piece as Buffer;
      size += bytes.length;
      if (size > bytesMax) throw new Error('the answer is too long');
      pieces.push(bytes);
    }
    return { status: answer.statusCode, text: Buffer.concat(pieces).toString('utf8') };
  };
