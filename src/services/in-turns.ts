import { setImmediate as turn } from 'node:timers/promises';

/** Done within about a millisecond. */
const AT_A_TIME = 100;

/** Works through a long list bit by bit: calls are served in between. */
export async function inTurns<T, R>(items: Iterable<T>, work: (item: T) => R): Promise<R[]> {
  const done: R[] = [];
  for (const item of items) {
    done.push(work(item));
    if (done.length % AT_A_TIME === 0) await turn();
  }
  return done;
}
