import { expect, test } from '@jest/globals';
import { answersInOrder } from '../../../src/lib/answers-in-order.ts';

const BOUNDS = { waitingMax: 3, batchMax: 2 };
const turn = () => new Promise<void>((resolve) => setImmediate(resolve));

/** Questions that a test asks when it likes, and answers when it likes. */
function hand() {
  const answering = new Map<number, (answer: string) => void>();
  const questions: PromiseWithResolvers<IteratorResult<number>>[] = [];
  const state = { read: 0, isLeft: false };
  const at = (index: number) => (questions[index] ??= Promise.withResolvers());
  const asked: AsyncIterable<number> = {
    [Symbol.asyncIterator]: () => ({
      next: () => at((state.read += 1) - 1).promise,
      async return() {
        state.isLeft = true;
        return { done: true, value: undefined };
      },
    }),
  };
  let next = 0;
  return {
    state,
    asked,
    answer: (question: number) =>
      new Promise<string>((resolve) => answering.set(question, resolve)),
    ask: (...numbers: number[]) => {
      for (const value of numbers) at((next += 1) - 1).resolve({ done: false, value });
    },
    end: () => at(next).resolve({ done: true, value: undefined }),
    fail: (error: Error) => at(next).reject(error),
    reply: (...numbers: number[]) => {
      for (const one of numbers) answering.get(one)?.(`answer ${one}`);
    },
  };
}

test('answers come in the order of the questions, in batches of what is ready', async () => {
  const { asked, answer, ask, reply, end } = hand();
  const batches = answersInOrder(asked, answer, BOUNDS);
  const first = batches.next();
  ask(1, 2, 3);
  await turn();
  reply(3);
  await turn();
  reply(2, 1);
  expect(await first).toEqual({ done: false, value: ['answer 1', 'answer 2'] });
  expect((await batches.next()).value).toEqual(['answer 3']);
  ask(4);
  end();
  const last = batches.next();
  await turn();
  reply(4);
  expect((await last).value).toEqual(['answer 4']);
  expect(await batches.next()).toEqual({ done: true, value: undefined });
});

test('no more are read while as many wait for their answers as may, or for their reader', async () => {
  const { asked, answer, ask, reply, state } = hand();
  const batches = answersInOrder(asked, answer, BOUNDS);
  const first = batches.next();
  ask(1, 2, 3, 4, 5);
  await turn();
  expect(state.read).toBe(3);
  reply(1, 2, 3);
  await turn();
  // Answered, but only those that were taken make room.
  expect((await first).value).toEqual(['answer 1', 'answer 2']);
  await turn();
  expect(state.read).toBe(5);
  await batches.return();
  expect(state.isLeft).toBe(true);
});

test('what was asked before the questions broke off is answered first', async () => {
  const { asked, answer, ask, fail, reply } = hand();
  const batches = answersInOrder(asked, answer, BOUNDS);
  const first = batches.next();
  ask(1);
  fail(new Error('gone'));
  await turn();
  reply(1);
  expect((await first).value).toEqual(['answer 1']);
  await expect(batches.next()).rejects.toThrow('gone');
});

test('nothing asked, nothing answered', async () => {
  const { asked, answer, end } = hand();
  const batches = answersInOrder(asked, answer, BOUNDS);
  end();
  expect(await batches.next()).toEqual({ done: true, value: undefined });
});
