import { Doorbell } from './doorbell.ts';

/** What waits for one reader at most. */
const QUEUE_MAX = 1000;

/** A reader took too long: what it has missed cannot be told any more. */
export class SlowConsumer extends Error {
  override readonly name = 'SlowConsumer';

  constructor() {
    super(`more than ${QUEUE_MAX} events wait to be read`);
  }
}

/**
 * What happens now, told to whoever listens now. Nothing is kept for later, no reader can make
 * another wait, and where nobody listens it costs nothing.
 */
export class Broadcast<T> {
  readonly #listeners = new Set<(value: T) => void>();

  publish(value: T): void {
    if (this.#listeners.size === 0) return;
    for (const tell of this.#listeners) tell(value);
  }

  /** Listens from now on; `run` is called at once and must not throw. Returns how to stop it. */
  listen(run: (value: T) => void): () => void {
    // One that listens twice is told twice.
    const tell = (value: T) => run(value);
    this.#listeners.add(tell);
    return () => void this.#listeners.delete(tell);
  }

  /**
   * Everything wanted that is published from now on until the signal, in order. Throws
   * `SlowConsumer` instead of the next when too much waits to be read.
   */
  follow(
    signal: AbortSignal,
    isWanted: (value: T) => boolean = () => true,
  ): AsyncGenerator<T, void> {
    const bell = new Doorbell();
    const queue: T[] = [];
    let isTooMuch = false;
    const stop = this.listen((value) => {
      if (!isWanted(value)) return;
      if (queue.length === QUEUE_MAX) {
        isTooMuch = true;
        queue.length = 0;
        stop();
      } else {
        queue.push(value);
      }
      bell.ring();
    });
    signal.addEventListener('abort', stop, { once: true });
    return taken(queue, { bell, signal, isTooMuch: () => isTooMuch });
  }
}

async function* taken<T>(
  queue: T[],
  { bell, signal, isTooMuch }: { bell: Doorbell; signal: AbortSignal; isTooMuch(): boolean },
): AsyncGenerator<T, void> {
  while (!signal.aborted) {
    if (isTooMuch()) throw new SlowConsumer();
    if (queue.length > 0) yield queue.shift() as T;
    else await bell.rung(signal);
  }
}
