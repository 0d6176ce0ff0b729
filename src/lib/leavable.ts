/**
 * A generator that can be left at any time. One that waits would hear of `return` only once its wait
 * is over, which may be never; this one is told by its signal, and must end soon after.
 */
export async function leavable<T>(
  make: (signal: AbortSignal) => AsyncGenerator<T, void> | Promise<AsyncGenerator<T, void>>,
): Promise<AsyncGenerator<T, void>> {
  const leaving = new AbortController();
  const inner = await make(leaving.signal);
  const outer: AsyncGenerator<T, void> = {
    next: () => inner.next(),
    return(value) {
      leaving.abort();
      return inner.return(value);
    },
    throw(error) {
      leaving.abort();
      return inner.throw(error);
    },
    [Symbol.asyncIterator]: () => outer,
    async [Symbol.asyncDispose]() {
      await outer.return();
    },
  };
  return outer;
}
