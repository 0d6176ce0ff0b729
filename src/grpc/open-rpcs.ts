import { GatewayError } from '../errors/gateway-error.ts';
import type { Clock, Timer } from '../lib/clock.ts';
import { Doorbell } from '../lib/doorbell.ts';
import type { Authenticator } from '../services/authenticator.ts';
import type { Kind, OpenRpc } from './open-rpc.ts';

export interface OpenRpcsParts {
  clock: Clock;
  authenticator: Pick<Authenticator, 'isValid' | 'onChange'>;
}

/** How many of a kind may be open. Health has places of its own: whoever asks for it is unknown. */
const MAX: Record<Kind, number> = { unary: 2000, watch: 1000, exchange: 500, health: 200 };

const CHECK_MS = 1000;
/** For those that have something to say before they end. */
const GOODBYE_MS = 1000;

const stopping = () =>
  new GatewayError('draining', 'The server is stopping. Try again.', { retryAfterMs: 1000 });

const notAllowed = () =>
  new GatewayError('unauthenticated', 'What you showed opens nothing any more.');

/** Calls under way: bounded, open only as long as their callers may be here, and ended at a stop. */
export class OpenRpcs {
  readonly #parts: OpenRpcsParts;
  readonly #open: Record<Kind, Set<OpenRpc>> = {
    unary: new Set(),
    watch: new Set(),
    exchange: new Set(),
    health: new Set(),
  };
  readonly #left = new Doorbell();
  readonly #forget: () => void;
  #timer: Timer | undefined;
  #isDraining = false;

  constructor(parts: OpenRpcsParts) {
    this.#parts = parts;
    this.#forget = parts.authenticator.onChange(() => this.#endInvalid());
  }

  get isDraining(): boolean {
    return this.#isDraining;
  }

  /** How many are open for as long as their callers like. */
  get streams(): number {
    return this.#streams().length;
  }

  /** @throws GatewayError `draining` or `overloaded` when there can be no further one */
  enter(rpc: OpenRpc): void {
    if (this.#isDraining && rpc.kind !== 'health') throw stopping();
    const open = this.#open[rpc.kind];
    if (open.size >= MAX[rpc.kind]) {
      const text = `There are ${MAX[rpc.kind]} calls of this kind under way already.`;
      throw new GatewayError('overloaded', text, { retryAfterMs: 1000 + (open.size % 10) * 100 });
    }
    open.add(rpc);
    if (rpc.kind !== 'unary')
      this.#timer ??= this.#parts.clock.after(CHECK_MS, () => this.#check());
  }

  leave(rpc: OpenRpc): void {
    if (this.#open[rpc.kind].delete(rpc)) this.#left.ring();
  }

  /** No call enters from now on, except for health; resolves when all others have left. */
  async drain(): Promise<void> {
    this.#isDraining = true;
    for (const rpc of this.#open.watch) rpc.end(stopping());
    for (const rpc of this.#open.exchange) rpc.windUp(stopping());
    const patience = this.#parts.clock.after(GOODBYE_MS, () => {
      for (const rpc of this.#open.exchange) rpc.end(stopping());
    });
    while (this.#under().length > 0) await this.#left.rung();
    patience.cancel();
  }

  /** Ends what has not ended by itself, and waits for it no longer. */
  abort(): void {
    for (const rpc of this.#under()) {
      rpc.end(stopping());
      this.leave(rpc);
    }
  }

  close(): void {
    this.abort();
    for (const rpc of this.#open.health) rpc.end(stopping());
    this.#timer?.cancel();
    this.#forget();
  }

  /** All but health. */
  #under(): OpenRpc[] {
    const { unary, watch, exchange } = this.#open;
    return [...unary, ...watch, ...exchange];
  }

  #streams(): OpenRpc[] {
    const { watch, exchange, health } = this.#open;
    return [...watch, ...exchange, ...health];
  }

  #check(): void {
    this.#endInvalid();
    for (const rpc of this.#streams()) rpc.check();
    if (this.#streams().length > 0) this.#timer?.refresh();
    else this.#timer = undefined;
  }

  #endInvalid(): void {
    const { authenticator } = this.#parts;
    for (const rpc of this.#streams()) {
      if (rpc.isKnown && !authenticator.isValid(rpc.actor)) rpc.end(notAllowed());
    }
  }
}
