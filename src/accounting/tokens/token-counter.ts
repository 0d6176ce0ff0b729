import { Worker } from 'node:worker_threads';
import type { Clock, Timer } from '../../lib/clock.ts';
import type { Logger } from '../../lib/logger.ts';
import type { Random } from '../../lib/random.ts';
import type { CountRequest } from './counting-thread.ts';
import { encodingFor } from './encoding-for.ts';
import { sampleOf } from './sample.ts';

/** So much of a call's prompt, or of its answer, is counted; beyond that, parts of it stand for all. */
const COUNTED_CHARS_MAX = 256 * 1024;
/** What waits to be counted takes some seconds at most: beyond it, calls are estimated. */
const WAITING_CHARS_MAX = 16 * 1024 * 1024;
/** A thread that is not needed gives its memory back. */
const IDLE_MS = 10 * 60_000;

export interface CounterParts {
  clock: Clock;
  random: Random;
  logger: Logger;
}

interface Job {
  readonly request: CountRequest;
  readonly chars: number;
  /** Null when it was not counted. */
  done(tokens: number | null): void;
}

/**
 * Counts tokens in a thread of its own, which starts when it is first needed. One text after the other,
 * so that what waits stays on this side, bounded.
 */
export class TokenCounter {
  readonly #parts: CounterParts;
  readonly #jobs: Job[] = [];
  #chars = 0;
  #thread: Worker | undefined;
  #idle: Timer | undefined;
  #isClosed = false;

  constructor(parts: CounterParts) {
    this.#parts = parts;
  }

  /** Counts that were asked for and are not there yet. */
  get waiting(): number {
    return this.#jobs.length;
  }

  /** Tokens of all texts together, as a model has them; null when they cannot be counted now. */
  count(model: string, texts: readonly string[]): Promise<number | null> {
    const { chars, scale, texts: counted } = sampleOf(texts, COUNTED_CHARS_MAX, this.#parts.random);
    if (chars === 0) return Promise.resolve(0);
    if (this.#isClosed || this.#chars + chars > WAITING_CHARS_MAX) return Promise.resolve(null);
    return new Promise((resolve) => {
      const request = { encoding: encodingFor(model), texts: counted };
      const done = (tokens: number | null) =>
        resolve(tokens === null ? null : Math.ceil(tokens * scale));
      this.#jobs.push({ request, chars, done });
      this.#chars += chars;
      if (this.#jobs.length === 1) this.#send();
    });
  }

  /** What still waits is not counted. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#end();
  }

  #send(): void {
    const [job] = this.#jobs;
    this.#idle?.cancel();
    if (job === undefined) this.#idle = this.#parts.clock.after(IDLE_MS, () => void this.#end());
    else this.#running().postMessage(job.request);
  }

  #running(): Worker {
    if (this.#thread !== undefined) return this.#thread;
    const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js';
    const thread = new Worker(new URL(`./counting-thread.${extension}`, import.meta.url));
    thread.on('message', (tokens: number) => this.#onCounted(tokens));
    thread.on('error', (error) => this.#onCrash(error));
    thread.unref();
    this.#thread = thread;
    return thread;
  }

  #onCounted(tokens: number): void {
    const job = this.#jobs.shift();
    if (job === undefined) return;
    this.#chars -= job.chars;
    job.done(tokens);
    this.#send();
  }

  /** The next count starts another one. */
  #onCrash(error: unknown): void {
    this.#parts.logger.error({ err: error }, 'the token counter died: calls are estimated');
    void this.#end();
  }

  async #end(): Promise<void> {
    const thread = this.#thread;
    this.#thread = undefined;
    this.#idle?.cancel();
    this.#chars = 0;
    for (const job of this.#jobs.splice(0)) job.done(null);
    thread?.removeAllListeners('message');
    await thread?.terminate();
  }
}
