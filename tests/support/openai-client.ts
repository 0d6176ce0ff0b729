import OpenAI from 'openai';
import type { Gateway } from './gateway.ts';

/** The official SDK with the gateway's own key; it never tries twice. */
export const openaiOf = ({ url, key }: Pick<Gateway, 'url' | 'key'>): OpenAI =>
  new OpenAI({ baseURL: `${url}/v1`, apiKey: key, maxRetries: 0 });
