import { isObject } from './usage-readers.ts';

/** Above what any model says in one answer: 128,000 tokens. What comes after it is not kept. */
const KEPT_CHARS_MAX = 768 * 1024;
/** Pieces are joined when there are so many. */
const PIECES_MAX = 64;
/** Choices beyond what can be asked for are one. */
const CHOICES_MAX = 128;
/** Members of a message that are read, or tell of it without being said. */
const KNOWN_MEMBERS: ReadonlySet<string> = new Set([
  'role',
  'name',
  'channel',
  'content',
  'refusal',
  'reasoning_content',
  'reasoning',
  'reasoning_details',
  'tool_calls',
  'function_call',
  'audio',
  'images',
]);

/** What is said apart from each other, and so is no text together. */
type Voice = 'text' | 'reasoning' | 'tools';
const VOICES: readonly Voice[] = ['text', 'reasoning', 'tools'];

/**
 * What was said in an answer, so far or in all. The text is kept to be counted, because only its end
 * shows whether the provider tells the usage.
 */
export class Spoken {
  /** Of text and tool calls, in UTF-8. */
  bytes = 0;
  /** Of text alone. */
  chars = 0;
  /** Sound or a picture came, or thoughts that cannot be read: they have tokens, but no text to count. */
  hasUncounted = false;
  /** Something came of which nobody knows whether it has tokens of its own. */
  hasOther = false;
  #keptBytes = 0;
  #keptChars = 0;
  /** By voice and choice, whose pieces may come in any order. */
  readonly #texts = new Map<number, GrowingText>();

  /** Anything came at all. */
  get hasAny(): boolean {
    return this.bytes > 0 || this.hasUncounted || this.hasOther;
  }

  /** Its texts are all of it. */
  get isCountable(): boolean {
    return this.bytes > 0 && !this.hasUncounted;
  }

  /** What is kept of it, each choice and voice by itself. */
  get texts(): string[] {
    return Array.from(this.#texts.values(), (text) => text.whole());
  }

  /** What a count of the texts is to be multiplied with. */
  get scale(): number {
    return this.#keptBytes === 0 ? 1 : this.bytes / this.#keptBytes;
  }

  /** One choice of a chat or text completion, whole or in pieces. */
  note(choice: unknown): void {
    if (!isObject(choice)) return;
    const { index } = choice;
    this.say(choice['text'], index);
    const said = choice['delta'] ?? choice['message'];
    if (!isObject(said)) return;
    this.say(said['content'], index);
    this.#sayParts(said['content'], index);
    this.say(said['refusal'], index);
    // Others call it so.
    const reasoning = said['reasoning_content'] ?? said['reasoning'];
    this.say(reasoning, index, 'reasoning');
    // The details repeat the text, if there is one.
    if (!isFilled(reasoning)) this.#sayParts(said['reasoning_details'], index, 'reasoning');
    this.#callTools(said['tool_calls'], index);
    if (isObject(said['function_call'])) this.callTool(said['function_call'], index);
    this.#sound(said['audio'], index);
    if (isFilled(said['images'])) this.hasUncounted = true;
    if (!this.hasAny) this.hasOther = Object.keys(said).some((name) => isOther(name, said[name]));
  }

  /** Text for a reader. */
  say(text: unknown, choice?: unknown, voice: Voice = 'text'): void {
    if (typeof text !== 'string') return;
    this.chars += text.length;
    this.write(text, choice, voice);
  }

  /** Text for whomever. */
  write(text: string, choice: unknown, voice: Voice): void {
    if (text === '') return;
    const bytes = Buffer.byteLength(text);
    this.bytes += bytes;
    if (this.#keptChars >= KEPT_CHARS_MAX) return;
    this.#keptBytes += bytes;
    this.#keptChars += text.length;
    const key = keyOf(choice, voice);
    const known = this.#texts.get(key);
    if (known === undefined) this.#texts.set(key, new GrowingText(text));
    else known.add(text);
  }

  #sayParts(parts: unknown, choice: unknown, voice?: Voice): void {
    for (const part of listOf(parts)) {
      if (!isObject(part)) continue;
      const text = part['text'] ?? part['summary'];
      if (typeof text === 'string') this.say(text, choice, voice);
      // A signature of thoughts has none.
      else if (part['type'] !== 'reasoning.text' && isFilled(part)) this.hasUncounted = true;
    }
  }

  /** Its words can be counted; the sound itself comes in base64, whose size says nothing. */
  #sound(audio: unknown, choice: unknown): void {
    if (!isObject(audio)) return;
    this.say(audio['transcript'], choice);
    if (isFilled(audio['data'])) this.hasUncounted = true;
  }

  #callTools(calls: unknown, choice: unknown): void {
    if (!Array.isArray(calls) || calls.length === 0) return;
    for (const call of calls as unknown[]) {
      const called = isObject(call) && isObject(call['function']) ? call['function'] : null;
      if (called === null) this.write(JSON.stringify(call), choice, 'tools');
      else this.callTool(called, choice);
    }
  }

  callTool(called: Readonly<Record<string, unknown>>, choice: unknown): void {
    for (const text of [called['name'], called['arguments']]) {
      if (typeof text === 'string') this.write(text, choice, 'tools');
    }
  }
}

function keyOf(choice: unknown, voice: Voice): number {
  const isOwn = typeof choice === 'number' && choice > 0 && choice < CHOICES_MAX;
  return (isOwn ? Math.floor(choice) : 0) * VOICES.length + VOICES.indexOf(voice);
}

/** A text that comes in pieces. */
class GrowingText {
  #joined = '';
  #pieces: string[];

  constructor(first: string) {
    this.#pieces = [first];
  }

  add(piece: string): void {
    if (this.#pieces.push(piece) >= PIECES_MAX) this.whole();
  }

  whole(): string {
    this.#joined += this.#pieces.join('');
    this.#pieces = [];
    return this.#joined;
  }
}

/** Of a whole answer: with choices, with the output items of the Responses API, or a transcript. */
export function spokenIn(answer: Record<string, unknown>): Spoken {
  const spoken = new Spoken();
  spoken.say(answer['text']);
  for (const choice of listOf(answer['choices'])) spoken.note(choice);
  for (const [index, item] of listOf(answer['output']).entries()) {
    if (!isObject(item)) continue;
    for (const part of listOf(item['content'])) {
      if (isObject(part)) spoken.say(part['text'] ?? part['refusal'], index);
    }
    for (const part of listOf(item['summary'])) {
      if (isObject(part)) spoken.say(part['text'], index, 'reasoning');
    }
    spoken.callTool(item, index);
  }
  return spoken;
}

/** Says something; looks no deeper than one level, because what comes from outside may have many. */
export function isFilled(value: unknown): boolean {
  if (typeof value === 'string' || Array.isArray(value)) return value.length > 0;
  return isObject(value) && Object.values(value).some((each) => each !== null && each !== '');
}

const isOther = (name: string, value: unknown): boolean =>
  !KNOWN_MEMBERS.has(name) && isFilled(value);

const listOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);
