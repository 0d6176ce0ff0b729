import { hash } from 'node:crypto';
import { GatewayError } from '../errors/gateway-error.ts';
import type { Clock } from '../lib/clock.ts';
import type { Call } from './call.ts';
import { endingOf } from './exchange.ts';
import { failureError } from './failure-error.ts';
import { isPassing } from './passing-status.ts';
import type { OutgoingBody, ReadRequest } from './read-request.ts';
import { invalid } from './read-request.ts';
import { SharedAnswer } from './shared-answer.ts';
import { Recording, StoredAnswers } from './stored-answers.ts';
import type { StoredAnswer } from './stored-answers.ts';

/** How long an answer is kept, as Stripe does (trust §4). */
export const KEEP_MS = 24 * 60 * 60 * 1000;
/** All answers together, those being recorded included. */
export const BYTES_MAX = 64 * 1024 * 1024;
/** A longer answer is given to its own call only, and a joined call may lag so far behind. */
export const ANSWER_BYTES_MAX = 1024 * 1024;
export const ENTRIES_MAX = 10_000;

const HEADER = 'idempotency-key';
const KEY_CHARS_MAX = 255;

/** What makes two calls the same one. */
export interface Idempotency {
  /** Virtual key and idempotency key: nobody can ask for another key's answer. */
  scope: string;
  /** Hash of the request. */
  fingerprint: string;
}

export interface IdempotentCallsParts {
  clock: Clock;
  entriesMax?: number;
  bytesMax?: number;
  answerBytesMax?: number;
  keepMs?: number;
}

interface Running {
  fingerprint: string;
  answer: SharedAnswer;
  recording: Recording;
}

/**
 * Lets a call that is repeated with its `Idempotency-Key` cost nothing: it joins the one under way, or
 * gets its answer again. Nothing survives the process. Every decision and its entry are one
 * synchronous step, so that no number of calls at once starts the work twice.
 */
export class IdempotentCalls {
  readonly #answerBytesMax: number;
  readonly #running = new Map<string, Running>();
  readonly #stored: StoredAnswers;

  constructor({
    clock,
    entriesMax = ENTRIES_MAX,
    bytesMax = BYTES_MAX,
    answerBytesMax = ANSWER_BYTES_MAX,
    keepMs = KEEP_MS,
  }: IdempotentCallsParts) {
    this.#answerBytesMax = answerBytesMax;
    this.#stored = new StoredAnswers({ clock, entriesMax, bytesMax, keepMs });
  }

  /** Held in memory for answers, at most `bytesMax`. */
  get bytes(): number {
    return this.#stored.bytes;
  }

  /**
   * Answers the call by `work`, or by what the same work wrote or writes for another call. `work` must
   * answer through the call it is given, and resolves with whether what it wrote is the whole answer;
   * only that is stored. When it rejects, all who wait are told the same, and the next call tries anew.
   */
  async run(
    call: Call,
    { scope, fingerprint }: Idempotency,
    work: (call: Call) => Promise<boolean>,
  ): Promise<void> {
    if (call.signal.aborted) throw failureError(endingOf(call.signal));
    const running = this.#running.get(scope);
    const stored = running === undefined ? this.#stored.find(scope) : undefined;
    const known = running ?? stored;
    if (known !== undefined && known.fingerprint !== fingerprint) {
      throw conflict('This Idempotency-Key was used for another request; take a new one for this.');
    }
    if (stored !== undefined) return replay(call, stored);
    if (running === undefined) return await this.#start(call, { scope, fingerprint }, work);
    if (running.recording.isTooLong) {
      throw conflict(
        'The first call with this Idempotency-Key is still running, and its answer is too long to share.',
      );
    }
    return await running.answer.join(call);
  }

  #start(
    call: Call,
    { scope, fingerprint }: Idempotency,
    work: (call: Call) => Promise<boolean>,
  ): Promise<void> {
    const recording = new Recording(this.#stored, this.#answerBytesMax);
    const answer = new SharedAnswer(recording, this.#answerBytesMax, () =>
      this.#forget(scope, running),
    );
    const running = { fingerprint, answer, recording };
    this.#running.set(scope, running);
    const over = answer.join(call);
    void this.#finish(scope, running, () => work(answer.callOf(call)));
    return over;
  }

  async #finish(scope: string, running: Running, work: () => Promise<boolean>): Promise<void> {
    const { answer, recording } = running;
    try {
      const isWhole = await work();
      const whole = isWhole && answer.isEnded ? wholeOf(running) : undefined;
      recording.drop();
      this.#forget(scope, running);
      if (whole !== undefined && this.#isFree(scope)) this.#stored.store(scope, whole);
      answer.settle();
    } catch (error) {
      recording.drop();
      this.#forget(scope, running);
      answer.fail(error);
    }
  }

  /** Once forgotten, its scope may be another's. */
  #forget(scope: string, running: Running): void {
    if (this.#running.get(scope) === running) this.#running.delete(scope);
  }

  /** Also an answer that came whole after all had left was paid for, unless another took its place. */
  #isFree(scope: string): boolean {
    return !this.#running.has(scope) && this.#stored.find(scope) === undefined;
  }
}

function wholeOf({ fingerprint, recording }: Running): StoredAnswer | undefined {
  const { head, isTooLong } = recording;
  if (head === undefined || isTooLong || isPassing(head.status)) return undefined;
  return { fingerprint, ...head, body: recording.body() };
}

/** The request id stays that of the first call: it is the one that finds the record. */
function replay({ sink }: Call, { status, headers, body }: StoredAnswer): void {
  sink.head(status, { ...headers, 'idempotent-replayed': 'true' });
  sink.end(body);
}

const conflict = (message: string) => new GatewayError('conflict', message, { param: HEADER });

/**
 * What makes this call the same as another; null when its client does not ask for that, or when its
 * body passes through unread. `credentialHeaders` are those in which callers of one virtual key may
 * bring credentials of their own: none of them gets what another's credential has paid for.
 */
export function idempotencyOf(
  call: Call,
  keyId: string,
  { body, hidesUsage }: Pick<ReadRequest, 'body' | 'hidesUsage'>,
  credentialHeaders: readonly string[] = [],
): Idempotency | null {
  const key = call.headers[HEADER];
  if (key === undefined) return null;
  if (typeof key !== 'string' || key.length > KEY_CHARS_MAX || !/^[\x21-\x7e]+$/.test(key)) {
    throw invalid(
      `The Idempotency-Key must be 1 to ${KEY_CHARS_MAX} visible ASCII characters without blanks.`,
      HEADER,
    );
  }
  if (body.kind === 'stream') return null;
  // Of two bodies that go upstream alike, one may have asked for the usage event itself.
  const told = `${call.method} ${call.path}${call.query} ${String(hidesUsage)}`;
  const fingerprint = hash('sha256', `${told} ${hash('sha256', content(call, body))}`);
  return { scope: `${keyId}${ownersOf(call, credentialHeaders)} ${key}`, fingerprint };
}

/** Whose credentials came along, as a hash; empty when none did. */
function ownersOf({ headers }: Call, names: readonly string[]): string {
  const brought = names.filter((name) => headers[name] !== undefined);
  if (brought.length === 0) return '';
  return ` ${hash('sha256', JSON.stringify(brought.map((name) => [name, headers[name]])))}`;
}

/** A form's boundary is drawn anew for every try: the same form stays the same without it. */
function content(call: Call, body: Exclude<OutgoingBody, { kind: 'stream' }>): Buffer | string {
  if (body.kind === 'none') return '';
  const type = String(call.headers['content-type'] ?? '');
  const [, quoted, plain] = /;\s*boundary=(?:"([^"]+)"|([^";\s]+))/i.exec(type) ?? [];
  const boundary = quoted ?? plain;
  if (boundary === undefined) return body.bytes;
  return body.bytes.toString('latin1').replaceAll(`--${boundary}`, '--');
}
