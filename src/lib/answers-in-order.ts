import { Doorbell } from './doorbell.ts';

/** A question that was read, and its answer once there is one. */
interface Waiting<Answer> {
  answer?: { value: Answer };
}

interface Reading {
  /** Nobody wants the answers any more. */
  isLeft: boolean;
  /** There are no more questions. */
  isThrough: boolean;
  failure: { error: unknown } | null;
}

/** How much at once. */
export interface Bounds {
  /** So many questions may await their answers: no more are read meanwhile. */
  waitingMax: number;
  batchMax: number;
}

/**
 * Answers to questions as they come, in their order, many at once: each batch is what is ready when its
 * reader asks. Who reads slowly makes the questions wait. `answer` must not reject. What was asked is
 * answered to its end, also when the reader leaves.
 */
export async function* answersInOrder<Asked, Answer>(
  asked: AsyncIterable<Asked>,
  answer: (asked: Asked) => Promise<Answer>,
  { waitingMax, batchMax }: Bounds,
): AsyncGenerator<Answer[], void> {
  const waiting: Waiting<Answer>[] = [];
  const bell = new Doorbell();
  const reading: Reading = { isLeft: false, isThrough: false, failure: null };
  const iterator = asked[Symbol.asyncIterator]();
  const read = async () => {
    try {
      while (!reading.isLeft) {
        const next = await iterator.next();
        if (next.done === true) break;
        const one: Waiting<Answer> = {};
        waiting.push(one);
        void answer(next.value).then((value) => {
          one.answer = { value };
          bell.ring();
        });
        while (waiting.length >= waitingMax && !reading.isLeft) await bell.rung();
      }
    } catch (error) {
      reading.failure = { error };
    }
    reading.isThrough = true;
    bell.ring();
  };
  void read();
  try {
    for (;;) {
      const ready = takeReady(waiting, batchMax);
      if (ready.length > 0) {
        bell.ring();
        yield ready;
      } else if (reading.isThrough && waiting.length === 0) {
        if (reading.failure !== null) throw reading.failure.error;
        return;
      } else {
        await bell.rung();
      }
    }
  } finally {
    reading.isLeft = true;
    bell.ring();
    // Its reader may be waiting for a question that never comes.
    void Promise.resolve(iterator.return?.()).catch(() => undefined);
  }
}

/** Takes off the first ones, as far as they are answered. */
function takeReady<Answer>(waiting: Waiting<Answer>[], max: number): Answer[] {
  const ready: Answer[] = [];
  for (const { answer } of waiting) {
    if (answer === undefined || ready.length === max) break;
    ready.push(answer.value);
  }
  waiting.splice(0, ready.length);
  return ready;
}
