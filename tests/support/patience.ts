// A wait is no claim: whatever a test waits for gets so much time that no machine is too busy for it.
// Real time, also where the product goes by a clock of the test's.

/** What has not come about by then never does. */
export const PATIENCE_MS = 60_000;

const LOOK_MS = 2;

/** Looks again until it is so, in real turns of the event loop; the milliseconds that it took. */
export async function until(isSo: () => boolean | Promise<boolean>): Promise<number> {
  const startMs = performance.now();
  while (!(await isSo())) {
    if (performance.now() - startMs > PATIENCE_MS) throw new Error(`never so: ${isSo.toString()}`);
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
  }
  return performance.now() - startMs;
}
