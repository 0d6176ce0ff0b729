import type { Clock } from '../lib/clock.ts';
import type { PoolDirectory } from '../pool/directory.ts';
import type { Ejected, OriginHealth } from '../pool/origin-health.ts';
import type { Actor } from './actor.ts';
import { permit } from './policy.ts';

export type OriginState = 'healthy' | 'ejected' | 'half_open';

/** How well an origin is for one model, or as a whole. */
export interface OriginScope {
  /** Null: every model. */
  model: string | null;
  state: OriginState;
  /** Null while it is healthy. */
  untilMs: number | null;
  /** Ejections in a row; 0 while it is healthy. */
  strike: number;
}

export interface ProviderHealthFacts extends OriginScope {
  origin: string;
  /** What it is ejected for, the whole first. */
  ejections: OriginScope[];
  /** That call it, those that are disabled not counted. */
  credentialsCount: number;
  inFlight: number;
}

export interface ProviderHealthParts {
  pools: PoolDirectory;
  clock: Clock;
}

/** Origins of providers, as the running server finds them. */
export class ProviderHealthService {
  readonly #parts: ProviderHealthParts;

  constructor(parts: ProviderHealthParts) {
    this.#parts = parts;
  }

  /** By origin. */
  list(actor: Actor): ProviderHealthFacts[] {
    permit(actor, 'providerHealth');
    const { pools } = this.#parts;
    const byOrigin = Map.groupBy(pools.members(), ({ origin }) => origin);
    return pools
      .origins()
      .map((health) => {
        const members = byOrigin.get(health.origin) ?? [];
        return {
          ...this.#told(health),
          credentialsCount: members.length,
          inFlight: members.reduce((sum, member) => sum + member.inFlight, 0),
        };
      })
      .toSorted((left, right) => (left.origin < right.origin ? -1 : 1));
  }

  #told(health: OriginHealth) {
    const nowMs = this.#parts.clock.now();
    const ejections = health.ejections().map((one) => scopeOf(one, nowMs));
    const whole = ejections.find(({ model }) => model === null);
    return { origin: health.origin, ...(whole ?? HEALTHY), ejections };
  }
}

const HEALTHY: OriginScope = { model: null, state: 'healthy', untilMs: null, strike: 0 };

const scopeOf = ({ model, untilMs, strike }: Ejected, nowMs: number): OriginScope => ({
  model,
  state: untilMs > nowMs ? 'ejected' : 'half_open',
  untilMs,
  strike,
});
