import { isObject } from './json.ts';
import { badField } from './api-error.ts';
import { countMessage } from './tokens.ts';

/** What a list of messages amounts to: its text for the hash, its tokens, who spoke last. */
export interface Prompt {
  text: string;
  tokens: number;
  lastRole: string;
  lastUserText: string;
}

/** Reads chat messages or Responses input items; throws 400 on anything else. */
export function readPrompt(messages: unknown, param: string): Prompt {
  if (!Array.isArray(messages) || messages.length === 0) {
    throw badField(param, `'${param}' must be a non-empty array.`);
  }
  const prompt: Prompt = { text: '', tokens: 0, lastRole: '', lastUserText: '' };
  for (const [index, message] of messages.entries()) {
    if (!isObject(message)) throw badField(`${param}[${index}]`, 'A message must be an object.');
    const role = typeof message['role'] === 'string' ? message['role'] : message['type'];
    if (typeof role !== 'string') {
      throw badField(`${param}[${index}].role`, 'A message must have a role.');
    }
    const content = readContent(message['content'] ?? message['output'], `${param}[${index}]`);
    prompt.text += `${role}\n${content.text}\n`;
    prompt.tokens += countMessage(content.text, content.media);
    prompt.lastRole = role;
    if (role === 'user') prompt.lastUserText = content.text;
  }
  return prompt;
}

function readContent(content: unknown, param: string): { text: string; media: number } {
  if (typeof content === 'string') return { text: content, media: 0 };
  if (content === undefined || content === null) return { text: '', media: 0 };
  if (!Array.isArray(content)) {
    throw badField(`${param}.content`, 'Content must be a string or an array of parts.');
  }
  let text = '';
  let media = 0;
  for (const part of content as unknown[]) {
    if (isObject(part) && typeof part['text'] === 'string') text += part['text'];
    else media += 1;
  }
  return { text, media };
}
