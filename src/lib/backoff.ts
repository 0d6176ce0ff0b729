/** The wait after the nth failure in a row (1 is the first): doubled each time up to the maximum. */
export const backoffMs = (firstMs: number, nth: number, maxMs: number): number =>
  Math.min(firstMs * 2 ** (nth - 1), maxMs);
