import { GatewayError } from '../errors/gateway-error.ts';
import type { Clock, Timer } from '../lib/clock.ts';
import { Doorbell } from '../lib/doorbell.ts';
import type { Authenticator } from '../services/authenticator.ts';
import type { Kind, OpenRpc } from './open-rpc.ts';
import { Places } from './places.ts';

export interface OpenRpcsParts {
  clock: Clock;
  authenticator: Pick<Authenticator, 'isValid' | 'onChange'>;
}

/**
 * How many of a kind may be open. Whoever watches health is unknown, and has places of its own; whoever
 * asks for it is answered at once, and needs none.
 */
const MAX = { unary: 2000, watch: 1000, exchange: 500, probe: Infinity, health: 200 } as const;

/** What a stop is for. */
const UNDER: readonly Kind[] = ['unary', 'watch', 'exchange'];
/** Open for as long as their callers like. */
const STREAMS: readonly Kind[] = ['watch', 'exchange', 'health'];

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
  readonly #open: Record<Kind, Places> = {
    unary: new Places(MAX.unary),
    watch: new Places(MAX.watch),
    exchange: new Places(MAX.exchange),
    probe: new Places(MAX.probe),
    health: new Places(MAX.health),
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

  get streams(): number {
    return this.#of(STREAMS).length;
  }

  /** @throws GatewayError `draining` or `overloaded` when there can be no further one */
  enter(rpc: OpenRpc): void {
    if (this.#isDraining && UNDER.includes(rpc.kind)) throw stopping();
    this.#open[rpc.kind].take(rpc);
    if (STREAMS.includes(rpc.kind)) {
      this.#timer ??= this.#parts.clock.after(CHECK_MS, () => this.#check());
    }
  }

  /** Whether its method may be asked: what has happened since it entered may have ended it. */
  begin(rpc: OpenRpc): boolean {
    if (this.#isInvalid(rpc)) rpc.end(notAllowed());
    if (rpc.isEnded) return false;
    rpc.begin();
    return true;
  }

  /** As soon as it is gone; to be told whenever it may be. */
  leave(rpc: OpenRpc): void {
    if (rpc.isGone) this.#free(rpc);
  }

  /** No call enters from now on, except for health; resolves when all others have left. */
  async drain(): Promise<void> {
    this.#isDraining = true;
    for (const rpc of this.#open.watch) rpc.end(stopping());
    // They have not said all, and may never.
    for (const rpc of this.#open.unary) if (rpc.isArriving) rpc.end(stopping());
    for (const rpc of this.#open.exchange) rpc.windUp(stopping());
    const patience = this.#parts.clock.after(GOODBYE_MS, () => {
      for (const rpc of this.#open.exchange) rpc.end(stopping());
    });
    while (this.#of(UNDER).length > 0) await this.#left.rung();
    patience.cancel();
  }

  /** Ends what has not ended by itself, and waits for it no longer. */
  abort(): void {
    for (const rpc of this.#of(UNDER)) {
      rpc.end(stopping());
      this.#free(rpc);
    }
  }

  close(): void {
    this.abort();
    for (const rpc of this.#of(['probe', 'health'])) rpc.end(stopping());
    this.#timer?.cancel();
    this.#forget();
  }

  #of(kinds: readonly Kind[]): OpenRpc[] {
    return kinds.flatMap((kind) => [...this.#open[kind]]);
  }

  #free(rpc: OpenRpc): void {
    if (this.#open[rpc.kind].free(rpc)) this.#left.ring();
  }

  #check(): void {
    this.#endInvalid();
    for (const rpc of this.#of(STREAMS)) rpc.check();
    if (this.streams > 0) this.#timer?.refresh();
    else this.#timer = undefined;
  }

  #endInvalid(): void {
    for (const rpc of this.#of(STREAMS)) if (this.#isInvalid(rpc)) rpc.end(notAllowed());
  }

  #isInvalid({ isKnown, actor }: OpenRpc): boolean {
    return isKnown && !this.#parts.authenticator.isValid(actor);
  }
}
