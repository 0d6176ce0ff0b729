/**
 * The only source of time. Durations use `monotonic`, so that a wall clock set back or forward
 * (DESIGN: promise S10) neither shortens nor stretches a timeout.
 */
export interface Clock {
  /** Wall time, milliseconds since the epoch, UTC. */
  now(): number;
  /** Milliseconds since an arbitrary start; never goes back. Fractions are kept. */
  monotonic(): number;
  /** Calls `run` once after `ms`. The returned timer never keeps the process alive. */
  after(ms: number, run: () => void): Timer;
}

export interface Timer {
  /** Starts the same delay again. */
  refresh(): void;
  cancel(): void;
}

export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  after(ms, run) {
    const timeout = setTimeout(run, ms).unref();
    return { refresh: () => timeout.refresh(), cancel: () => clearTimeout(timeout) };
  },
};
