/**
 * A stream with each of it told otherwise. No generator of its own: that would hear that it is left only
 * once the next has come.
 */
export const toldEach = <T, Told>(
  all: AsyncGenerator<T, void>,
  told: (one: T) => Told,
): AsyncIterable<Told> => ({
  [Symbol.asyncIterator]: () => ({
    async next() {
      const step = await all.next();
      return step.done === true ? OVER : { done: false, value: told(step.value) };
    },
    async return() {
      await all.return();
      return OVER;
    },
  }),
});

const OVER = { done: true, value: undefined } as const;
