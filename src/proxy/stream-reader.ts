import type { Anomaly } from '../entities/call-record.ts';
import { addUsage } from '../entities/usage.ts';
import type { Usage } from '../entities/usage.ts';
import type { SseEvent } from '../lib/sse.ts';
import type { Telling } from './anomalies.ts';
import { errorToldBy } from './error-in-answer.ts';
import type { AnswerError } from './error-in-answer.ts';
import { Spoken, isFilled } from './spoken.ts';
import { chatUsage, isObject, parseObject, toldUsage } from './usage-readers.ts';

/** Listens to an event stream that passes by. One for each stream. */
export interface StreamReader extends Telling {
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
  /** What was produced so far, to be counted when no usage arrives. */
  readonly spoken: Spoken;
  /** Its size. */
  readonly producedBytes: number;
  /** Something was produced, also what is no text. */
  readonly hasProduced: boolean;
  /** What was odd about its events. */
  readonly anomalies: ReadonlySet<Anomaly>;
}

const DONE = '[DONE]';
const DONE_EVENT = Buffer.from(`data: ${DONE}\n\n`);

const UNKNOWN_ERROR: AnswerError = { status: 500, code: null };

const nameOr = (before: string | null, value: unknown): string | null =>
  before === null && typeof value === 'string' ? value : before;

/**
 * Chat completions and completions: whole when `[DONE]` came, or a `finish_reason` and the usage
 * behind it. A closed socket alone proves nothing.
 */
export class ChatStreamReader implements StreamReader {
  readonly anomalies = new Set<Anomaly>();
  model: string | null = null;
  hasUsage = false;
  usage: Usage | null = null;
  error: AnswerError | null = null;
  isLast = false;
  #hasFinished = false;
  readonly spoken = new Spoken();

  get producedBytes(): number {
    return this.spoken.bytes;
  }

  get hasProduced(): boolean {
    return this.spoken.hasAny;
  }

  get textChars(): number {
    return this.spoken.chars;
  }

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
      if (!this.#hasFinished && this.error === null) this.anomalies.add('no_finish_reason');
      return false;
    }
    const chunk = readChunk(data, this.anomalies);
    if (chunk === null) return false;
    this.model = nameOr(this.model, chunk['model']);
    if (chunk['error'] !== undefined && chunk['error'] !== null) {
      this.error = errorToldBy(chunk) ?? UNKNOWN_ERROR;
    }
    const told = toldUsage(chunk);
    if (told !== null) this.#tell(chatUsage(told));
    const choices = Array.isArray(chunk['choices']) ? (chunk['choices'] as unknown[]) : null;
    if (choices === null && told === null && this.error === null) this.anomalies.add('wrong_shape');
    for (const choice of choices ?? []) this.#noteChoice(choice);
    return told !== null && this.error === null && (choices === null || choices.length === 0);
  }

  #tell(usage: Usage | null): void {
    this.hasUsage = true;
    this.usage = usage;
  }

  #noteChoice(choice: unknown): void {
    if (isObject(choice) && typeof choice['finish_reason'] === 'string') this.#hasFinished = true;
    this.spoken.note(choice);
  }
}

/** What is no JSON passes by; keep-alives without any data are no fault. */
function readChunk(data: string, anomalies: Set<Anomaly>): Record<string, unknown> | null {
  const chunk = parseObject(data);
  if (chunk === null && data.trim() !== '' && data !== DONE) anomalies.add('malformed_event');
  return chunk;
}

/**
 * Streams of typed events (responses, images, audio): whole when one of `finals` came, which is the
 * last event unless there may be `several` of them. The usage is in the final event, or in its
 * `response`.
 */
export class TypedStreamReader implements StreamReader {
  readonly owed = undefined;
  readonly anomalies = new Set<Anomaly>();
  model: string | null = null;
  hasUsage = false;
  usage: Usage | null = null;
  error: AnswerError | null = null;
  textChars = 0;
  isLast = false;
  readonly spoken = new Spoken();
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

  get producedBytes(): number {
    return this.spoken.bytes;
  }

  get hasProduced(): boolean {
    return this.spoken.hasAny;
  }

  note(event: SseEvent): boolean {
    const chunk = event.data === null ? null : readChunk(event.data, this.anomalies);
    if (chunk === null) return false;
    const type = typeof chunk['type'] === 'string' ? chunk['type'] : '';
    this.#noteProduced(type, chunk);
    if (type === 'error' || type === 'response.failed') {
      const told = isObject(chunk['response']) ? chunk['response'] : chunk;
      this.error = errorToldBy(told) ?? UNKNOWN_ERROR;
    }
    const body = isObject(chunk['response']) ? chunk['response'] : chunk;
    this.model = nameOr(this.model, body['model']);
    const told = toldUsage(body);
    if (told !== null) this.#tell(this.#read(told));
    if (this.#finals.has(type)) this.#hasFinal = true;
    this.isLast = this.#hasFinal && !this.#isSeveral;
    return false;
  }

  /** Deltas are text or arguments of tools, but for sound, which like a picture is no text. */
  #noteProduced(type: string, chunk: Record<string, unknown>): void {
    const { delta, item, output_index: index } = chunk;
    if (typeof delta === 'string' && !type.endsWith('audio.delta')) {
      this.spoken.write(delta, index, 'text');
      if (type.endsWith('text.delta')) this.textChars += delta.length;
    } else if (type.endsWith('.delta') || type.endsWith('.partial_image')) {
      this.spoken.hasUncounted = true;
    }
    if (isObject(item)) {
      if (type === 'response.output_item.added') this.spoken.callTool(item, index);
      // A picture that a tool has drawn.
      if (isFilled(item['result'])) this.spoken.hasUncounted = true;
    }
    if (!this.spoken.hasAny) this.spoken.hasOther = bringsOther(chunk);
  }

  /** Each of several finals tells the usage of its own part. */
  #tell(usage: Usage | null): void {
    this.hasUsage = true;
    const sum = this.#isSeveral && usage !== null && this.usage !== null;
    this.usage = sum ? addUsage(this.usage ?? usage, usage) : usage;
  }
}

/** What came without deltas: a text in one piece, an item that is no message, the whole output. */
const bringsOther = ({ text, item, response }: Record<string, unknown>): boolean =>
  (typeof text === 'string' && text !== '') ||
  (isObject(item) && item['type'] !== 'message') ||
  (isObject(response) && isFilled(response['output']));
