import { isObject } from './usage-readers.ts';

/** How much of an answer was said, so far or in all. */
export class Spoken {
  /** Of text and tool calls, in UTF-8: what is charged where no usage is told. */
  bytes = 0;
  /** Of text alone. */
  chars = 0;

  /** One choice of a chat or text completion, whole or in pieces. */
  note(choice: unknown): void {
    if (!isObject(choice)) return;
    this.say(choice['text']);
    const said = choice['delta'] ?? choice['message'];
    if (!isObject(said)) return;
    this.say(said['content']);
    this.say(said['refusal']);
    this.say(said['reasoning_content']);
    if (Array.isArray(said['tool_calls'])) {
      this.bytes += Buffer.byteLength(JSON.stringify(said['tool_calls']));
    }
  }

  say(text: unknown): void {
    if (typeof text !== 'string') return;
    this.bytes += Buffer.byteLength(text);
    this.chars += text.length;
  }
}

/** Of a whole answer with choices, or with the output items of the Responses API. */
export function spokenIn(answer: Record<string, unknown>): Spoken {
  const spoken = new Spoken();
  for (const choice of listOf(answer['choices'])) spoken.note(choice);
  for (const item of listOf(answer['output'])) {
    for (const part of isObject(item) ? listOf(item['content']) : []) {
      if (isObject(part)) spoken.say(part['text']);
    }
  }
  return spoken;
}

const listOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);
