import type { Limits, LimitSubject } from '../accounting/limits.ts';
import type { Team } from '../entities/team.ts';
import type { VirtualKey } from '../entities/virtual-key.ts';
import type { Clock } from '../lib/clock.ts';
import type { Actor } from './actor.ts';
import { permit } from './policy.ts';

/** One limit, as it stands now. */
export interface LiveWindow {
  /** Null is unlimited. */
  limit: number | null;
  /** What counts against it; null where nobody counts, as there is no limit. */
  used: number | null;
  /** Null where it is unlimited. */
  remaining: number | null;
  /** When all of it is there again, if nothing more is taken; null where that is not known. */
  resetsAtMs: number | null;
}

/** What a key or a team is limited to, and what it has used of it. */
export interface LiveWindows {
  requests: LiveWindow;
  tokens: LiveWindow;
  concurrency: LiveWindow;
}

export interface LiveLimitParts {
  clock: Clock;
  /** Those that calls are judged by. */
  limits: Pick<Limits, 'windows'>;
}

/** The limits of this process, while it serves; looking changes nothing. */
export class LiveLimits {
  readonly #parts: LiveLimitParts;

  constructor(parts: LiveLimitParts) {
    this.#parts = parts;
  }

  ofKey(actor: Actor, key: VirtualKey): LiveWindows {
    permit(actor, 'key');
    return this.#of('key', key);
  }

  ofTeam(actor: Actor, team: Team): LiveWindows {
    permit(actor, 'key');
    return this.#of('team', team);
  }

  #of(
    scope: LimitSubject['scope'],
    { id, rpmLimit, tpmLimit, concurrencyLimit }: VirtualKey | Team,
  ): LiveWindows {
    const { clock, limits } = this.#parts;
    const subject = { scope, id, rpm: rpmLimit, tpm: tpmLimit, concurrency: concurrencyLimit };
    const windows = limits.windows(subject, clock.monotonic());
    const nowMs = clock.now();
    const live = ({ resetMs, ...window }: (typeof windows)['tokens']): LiveWindow => ({
      ...window,
      // Never earlier than it is.
      resetsAtMs: resetMs === null ? null : Math.ceil(nowMs + resetMs),
    });
    const { requests, tokens, concurrency } = windows;
    return { requests: live(requests), tokens: live(tokens), concurrency: live(concurrency) };
  }
}
