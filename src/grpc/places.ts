import { GatewayError } from '../errors/gateway-error.ts';
import type { OpenRpc } from './open-rpc.ts';

/** One actor has a quarter of them at most, so that it takes several to leave none for others. */
const SHARES = 4;

/** Calls of a kind that are open: so many, and no more. */
export class Places {
  readonly #max: number;
  readonly #taken = new Set<OpenRpc>();
  /** By the names of those who are known. */
  readonly #byActor = new Map<string, number>();

  constructor(max: number) {
    this.#max = max;
  }

  /** @throws GatewayError `overloaded` */
  take(rpc: OpenRpc): void {
    if (this.#taken.size >= this.#max) {
      throw this.#full(`There are ${this.#max} calls of this kind under way already.`);
    }
    const { name } = rpc.actor;
    const own = this.#byActor.get(name) ?? 0;
    if (rpc.isKnown && own >= this.#max / SHARES) {
      throw this.#full(`You have ${own} calls of this kind under way already.`);
    }
    this.#taken.add(rpc);
    if (rpc.isKnown) this.#byActor.set(name, own + 1);
  }

  /** Whether it had one. */
  free(rpc: OpenRpc): boolean {
    if (!this.#taken.delete(rpc)) return false;
    const { name } = rpc.actor;
    const own = (this.#byActor.get(name) ?? 0) - 1;
    if (own > 0) this.#byActor.set(name, own);
    else this.#byActor.delete(name);
    return true;
  }

  [Symbol.iterator](): IterableIterator<OpenRpc> {
    return this.#taken.values();
  }

  #full(text: string): GatewayError {
    const retryAfterMs = 1000 + (this.#taken.size % 10) * 100;
    return new GatewayError('overloaded', text, { retryAfterMs });
  }
}
