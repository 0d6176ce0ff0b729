import { constants } from 'node:os';

/**
 * Runs until it is done or a stop signal comes, which is told; null then. It is told by its own signal and must clean
 * up by itself: further stop signals change nothing meanwhile, as a terminal and a parent process may
 * both send one.
 */
export async function interruptible<T>(
  run: (interrupt: AbortSignal) => Promise<T>,
  told: string,
): Promise<T | null> {
  const controller = new AbortController();
  const stop = (signal: NodeJS.Signals) => {
    process.exitCode = 128 + constants.signals[signal];
    controller.abort(new Error('interrupted'));
  };
  for (const signal of STOP_SIGNALS) process.on(signal, stop);
  try {
    return await run(controller.signal);
  } catch (error) {
    // Whatever else went wrong, such as the cleaning up, is still to be told.
    const { reason } = controller.signal;
    const isInterruption = error === reason || (error instanceof Error && error.cause === reason);
    if (!controller.signal.aborted || !isInterruption) throw error;
    process.stderr.write(`${told}\n`);
    return null;
  } finally {
    for (const signal of STOP_SIGNALS) process.off(signal, stop);
  }
}

const STOP_SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
