// What something takes, on a machine that others use as well: they can only make it slower, so that the
// fastest of some tries is what it takes.

/** The time of some work, in milliseconds. */
export async function msOf(work: () => unknown): Promise<number> {
  const startMs = performance.now();
  await work();
  return performance.now() - startMs;
}

/**
 * The fastest of so many tries at most; the first within the limit is the last. Each has to be a
 * measurement of its own, in milliseconds.
 */
export async function quickest(
  limitMs: number,
  tries: number,
  measure: () => number | Promise<number>,
): Promise<number> {
  let fastestMs = Number.POSITIVE_INFINITY;
  for (let round = 0; round < tries && fastestMs >= limitMs; round += 1) {
    fastestMs = Math.min(fastestMs, await measure());
  }
  return fastestMs;
}

const ROUNDS_MIN = 3;
const ROUNDS_MAX = 15;

/**
 * How many times as long as the part the whole takes, by the fastest try of either: what tells time that
 * grows with the length from time that grows with its square, on any machine. Measured until it is
 * within the limit, which is best halfway (by factors) between the two.
 */
export async function growth(
  limit: number,
  part: () => unknown,
  whole: () => unknown,
): Promise<number> {
  let [partMs, wholeMs] = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY];
  for (let round = 0; round < ROUNDS_MAX; round += 1) {
    partMs = Math.min(partMs, await msOf(part));
    wholeMs = Math.min(wholeMs, await msOf(whole));
    if (round + 1 >= ROUNDS_MIN && wholeMs / partMs < limit) break;
  }
  return wholeMs / partMs;
}
