import { GatewayError } from '../errors/gateway-error.ts';
import type { Clock, Timer } from '../lib/clock.ts';
import { Doorbell } from '../lib/doorbell.ts';
import type { RpcContext, Unary, Watch } from './rpc.ts';

export interface HealthParts {
  clock: Clock;
  /** Names of services, as clients ask for them. */
  services: readonly string[];
  /** Whether we serve now. */
  isServing(): boolean;
}

interface Asked {
  service: string;
}

interface Answer {
  status: 'SERVING' | 'NOT_SERVING' | 'SERVICE_UNKNOWN';
}

/** How soon those that watch hear of a change. */
const LOOK_MS = 250;

/** `grpc.health.v1.Health`: the server as a whole (the empty name), and each of its services. */
export class Health {
  readonly #parts: HealthParts;
  readonly #names: ReadonlySet<string>;
  readonly #bell = new Doorbell();
  #watchers = 0;
  #timer: Timer | undefined;

  constructor(parts: HealthParts) {
    this.#parts = parts;
    this.#names = new Set(['', ...parts.services]);
  }

  /** Everybody who watches looks again. */
  look(): void {
    this.#bell.ring();
  }

  readonly methods = {
    Check: ({ service }) => {
      const answer = this.#now(service);
      if (answer.status !== 'SERVICE_UNKNOWN') return answer;
      throw new GatewayError('not_found', 'There is no such service.', { param: 'service' });
    },
    List: () => ({
      statuses: Object.fromEntries([...this.#names].map((name) => [name, this.#now(name)])),
    }),
    Watch: async ({ service }, context) => this.#watch(service, context),
  } as const satisfies {
    Check: Unary<Asked, Answer>;
    List: Unary<object, { statuses: Record<string, Answer> }>;
    Watch: Watch<Asked, Answer>;
  };

  async *#watch(service: string, { signal }: RpcContext): AsyncGenerator<Answer, void> {
    let told: string | undefined;
    this.#watchers += 1;
    this.#timer ??= this.#parts.clock.after(LOOK_MS, () => this.#lookAgain());
    try {
      while (!signal.aborted) {
        const now = this.#now(service);
        if (now.status !== told) yield now;
        told = now.status;
        await this.#bell.rung(signal);
      }
    } finally {
      this.#watchers -= 1;
    }
  }

  /** As long as somebody watches. */
  #lookAgain(): void {
    this.look();
    if (this.#watchers > 0) this.#timer?.refresh();
    else this.#timer = undefined;
  }

  #now(service: string): Answer {
    if (!this.#names.has(service)) return { status: 'SERVICE_UNKNOWN' };
    return { status: this.#parts.isServing() ? 'SERVING' : 'NOT_SERVING' };
  }
}
