import { SlidingWindow } from '../lib/sliding-window.ts';

const WINDOW_MS = 60_000;

/** Requests of each virtual key in the last minute; exact, never more than the limit in any 60 s. */
export class RateLimits {
  readonly #windows = new Map<string, SlidingWindow>();

  /** Milliseconds until a request is allowed: 0 is now. Changes nothing. */
  waitMs(keyId: string, limit: number | null, nowMs: number): number {
    if (limit === null) return 0;
    const window = this.#windows.get(keyId);
    if (window === undefined) return limit > 0 ? 0 : WINDOW_MS;
    return Math.max(0, Math.min(window.nextFreeAt(limit, nowMs) - nowMs, WINDOW_MS));
  }

  /** Counts a request; only for keys that have a limit. */
  take(keyId: string, limit: number | null, nowMs: number): void {
    if (limit === null) return;
    let window = this.#windows.get(keyId);
    if (window === undefined) {
      window = new SlidingWindow(WINDOW_MS);
      this.#windows.set(keyId, window);
    }
    window.take(nowMs);
  }
}
