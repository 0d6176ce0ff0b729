import { addUsage } from '../entities/usage.ts';
import type { Usage } from '../entities/usage.ts';
import type { SseEvent } from '../lib/sse.ts';
import { errorToldBy } from './error-in-answer.ts';
import type { AnswerError } from './error-in-answer.ts';
import { chatUsage, isObject, parseObject, toldUsage } from './usage-readers.ts';

/** Listens to an event stream that passes by. One for each stream. */
export interface StreamReader {
  /** Notes an event. True when it only tells the usage, so that it can be hidden. */
  note(event: SseEvent): boolean;
  /** The protocol said that the answer is whole. */
  readonly isComplete: boolean;
  /** Nothing follows: the client need not wait for the connection to end. */
  readonly isLast: boolean;
  /** What of the protocol the client still misses when the answer is complete. */
  readonly owed: Buffer | undefined;
  /** The usage told last; null when there was none or it cannot be believed. */
  readonly usage: Usage | null;
  /** An error event went by. */
  readonly error: AnswerError | null;
  /** Bytes of text produced so far, for an estimate when no usage arrives. */
  readonly producedBytes: number;
}

const DONE = '[DONE]';
const DONE_EVENT = Buffer.from(`data: ${DONE}\n\n`);

const UNKNOWN_ERROR: AnswerError = { status: 500, code: null };

const textBytes = (value: unknown): number =>
  typeof value === 'string' ? Buffer.byteLength(value) : 0;

/**
 * Chat completions and completions: whole when `[DONE]` came, or a `finish_reason` and the usage
 * behind it. A closed socket alone proves nothing.
 */
export class ChatStreamReader implements StreamReader {
  usage: Usage | null = null;
  error: AnswerError | null = null;
  producedBytes = 0;
  isLast = false;
  #hasFinished = false;

  get isComplete(): boolean {
    return this.error === null && (this.isLast || (this.#hasFinished && this.usage !== null));
  }

  get owed(): Buffer | undefined {
    return this.isLast ? undefined : DONE_EVENT;
  }

  note(event: SseEvent): boolean {
    const { data } = event;
    if (data === null) return false;
    if (data === DONE) {
      this.isLast = true;
      return false;
    }
    const chunk = parseObject(data);
    if (chunk === null) return false;
    if (chunk['error'] !== undefined && chunk['error'] !== null) {
      this.error = errorToldBy(chunk) ?? UNKNOWN_ERROR;
    }
    const told = toldUsage(chunk);
    if (told !== null) this.usage = chatUsage(told);
    const choices = Array.isArray(chunk['choices']) ? (chunk['choices'] as unknown[]) : [];
    for (const choice of choices) this.#noteChoice(choice);
    return told !== null && choices.length === 0;
  }

  #noteChoice(choice: unknown): void {
    if (!isObject(choice)) return;
    if (typeof choice['finish_reason'] === 'string') this.#hasFinished = true;
    const delta = choice['delta'];
    this.producedBytes += textBytes(choice['text']);
    if (!isObject(delta)) return;
    this.producedBytes += textBytes(delta['content']) + textBytes(delta['reasoning_content']);
    if (Array.isArray(delta['tool_calls'])) {
      this.producedBytes += Buffer.byteLength(JSON.stringify(delta['tool_calls']));
    }
  }
}

/**
 * Streams of typed events (responses, images, audio): whole when one of `finals` came, which is the
 * last event unless there may be `several` of them. The usage is in the final event, or in its
 * `response`.
 */
export class TypedStreamReader implements StreamReader {
  readonly owed = undefined;
  usage: Usage | null = null;
  error: AnswerError | null = null;
  producedBytes = 0;
  isLast = false;
  readonly #finals: ReadonlySet<string>;
  readonly #read: (told: Record<string, unknown>) => Usage | null;
  readonly #isSeveral: boolean;
  #hasFinal = false;

  constructor(
    finals: readonly string[],
    read: (told: Record<string, unknown>) => Usage | null,
    { several = false } = {},
  ) {
    this.#finals = new Set(finals);
    this.#read = read;
    this.#isSeveral = several;
  }

  get isComplete(): boolean {
    return this.error === null && this.#hasFinal;
  }

  note(event: SseEvent): boolean {
    const chunk = event.data === null ? null : parseObject(event.data);
    if (chunk === null) return false;
    const type = typeof chunk['type'] === 'string' ? chunk['type'] : '';
    this.producedBytes += textBytes(chunk['delta']);
    if (type === 'error' || type === 'response.failed') {
      const told = isObject(chunk['response']) ? chunk['response'] : chunk;
      this.error = errorToldBy(told) ?? UNKNOWN_ERROR;
    }
    const body = isObject(chunk['response']) ? chunk['response'] : chunk;
    const told = toldUsage(body);
    if (told !== null) this.#tell(this.#read(told));
    if (this.#finals.has(type)) this.#hasFinal = true;
    this.isLast = this.#hasFinal && !this.#isSeveral;
    return false;
  }

  /** Each of several finals tells the usage of its own part. */
  #tell(usage: Usage | null): void {
    const sum = this.#isSeveral && usage !== null && this.usage !== null;
    this.usage = sum ? addUsage(this.usage ?? usage, usage) : usage;
  }
}
