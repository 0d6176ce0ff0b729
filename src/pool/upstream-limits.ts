import { SlidingWindow } from '../lib/sliding-window.ts';
import { TokenWindow } from '../lib/token-window.ts';

/** Requests and tokens allowed in any 60 seconds; null is unlimited. */
export interface Limits {
  readonly rpm: number | null;
  readonly tpm: number | null;
}

/** How far one of the limits is used up. */
export interface LimitUse {
  readonly limit: number;
  /** In the last 60 seconds. */
  readonly used: number;
  /** Until all of it is there again, if nothing more is taken. */
  readonly resetMs: number;
}

const WINDOW_MS = 60_000;

/** Requests and tokens of the last minute, of one credential or of one model of a pool. */
export class UpstreamLimits {
  readonly #requests = new SlidingWindow(WINDOW_MS);
  readonly #tokens = new TokenWindow(WINDOW_MS);

  /** Milliseconds until a call of so many tokens finds room: 0 is now. Changes nothing. */
  waitMs({ rpm, tpm }: Limits, tokens: number, nowMs: number): number {
    const requests = rpm === null ? nowMs : this.#requests.nextFreeAt(rpm, nowMs);
    const room = tpm === null ? nowMs : this.#tokens.nextFreeAt(tpm, tokens, nowMs);
    return Math.max(0, Math.min(Math.max(requests, room) - nowMs, WINDOW_MS));
  }

  /** Takes a slot and reserves the tokens; settles them with the returned number. */
  take({ rpm, tpm }: Limits, tokens: number, nowMs: number): number | null {
    if (rpm !== null) this.#requests.take(nowMs);
    return tpm === null ? null : this.#tokens.take(tokens, nowMs);
  }

  /** Replaces the reserved tokens by those really used. */
  settle(taken: number, tokens: number, nowMs: number): void {
    this.#tokens.settle(taken, tokens, nowMs);
  }

  /** Null where there is no limit: then nothing is counted. */
  uses(
    { rpm, tpm }: Limits,
    nowMs: number,
  ): { requests: LimitUse | null; tokens: LimitUse | null } {
    const requests = this.#requests;
    const tokens = this.#tokens;
    return {
      requests:
        rpm === null
          ? null
          : { limit: rpm, used: requests.count(nowMs), resetMs: requests.emptyAt(nowMs) - nowMs },
      tokens:
        tpm === null
          ? null
          : { limit: tpm, used: tokens.sum(nowMs), resetMs: tokens.emptyAt(nowMs) - nowMs },
    };
  }

  /** Nothing of the last minute is left to remember. */
  isIdle(nowMs: number): boolean {
    return this.#requests.count(nowMs) === 0 && this.#tokens.sum(nowMs) === 0;
  }
}

export const isUnlimited = ({ rpm, tpm }: Limits): boolean => rpm === null && tpm === null;
