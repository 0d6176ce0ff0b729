import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Answer } from './answer.ts';
import type { Place } from './connections.ts';
import type { Account } from './credits.ts';
import { Exchange, type Delivery } from './exchange.ts';
import type { Step } from './script.ts';
import type { World } from './world.ts';

/**
 * The life of one call: it makes exactly one `received` and one `finished` witness entry and moves
 * its credential's money. A call is charged in full once the first byte of its reply is written,
 * and not at all before.
 */
export class CallRecord {
  readonly callId: number;
  /** As it came, without the query. */
  readonly path: string;
  readonly place: Place;
  model: string | null = null;
  isStream = false;
  requestBytes = 0;
  fault: string | null = null;
  /** What is to be told; set before `play`. */
  answer: Answer | null = null;

  readonly #world: World;
  readonly #exchange: Exchange;
  readonly #method: string;
  readonly #requestId: string | null;
  readonly #startedAt: number;
  #account: Account | null = null;
  #chargedNano = 0n;
  #isReceived = false;

  constructor(
    world: World,
    call: { request: IncomingMessage; response: ServerResponse; path: string },
  ) {
    const requestId = call.request.headers['x-request-id'];
    this.callId = world.nextCallId();
    this.#world = world;
    this.#method = call.request.method ?? 'GET';
    this.path = call.path;
    this.place = world.connections.arrive(call.request.socket);
    this.#requestId = typeof requestId === 'string' ? requestId : null;
    this.#startedAt = world.clock.monotonic();
    this.#exchange = new Exchange(call.response, world.clock, {
      begun: () => this.#charge(),
      finished: (delivery) => this.#finish(delivery),
    });
  }

  get elapsedMs(): number {
    return this.#world.clock.monotonic() - this.#startedAt;
  }

  /** Names the credential that is calling. */
  credit(account: Account): void {
    this.#account = account;
    account.inFlight += 1;
  }

  play(steps: readonly Step[]): void {
    this.received();
    this.#exchange.play(steps);
  }

  /** Notes the arrival, once; what is not known by then stays unknown. */
  received(): void {
    if (this.#isReceived) return;
    this.#isReceived = true;
    this.#world.witness.append({
      kind: 'received',
      callId: this.callId,
      credential: this.#account?.name ?? null,
      requestId: this.#requestId,
      method: this.#method,
      path: this.path,
      model: this.model,
      isStream: this.isStream,
      requestBytes: this.requestBytes,
      ...this.place,
    });
  }

  #charge(): void {
    this.#chargedNano = this.answer?.costNano ?? 0n;
    this.#account?.charge(this.#chargedNano);
  }

  #finish(delivery: Delivery): void {
    this.received();
    if (this.#account !== null) this.#account.inFlight -= 1;
    this.#world.witness.append({
      kind: 'finished',
      callId: this.callId,
      credential: this.#account?.name ?? null,
      requestId: this.#requestId,
      status: delivery.status,
      responseBytes: delivery.responseBytes,
      usage: this.answer?.usage ?? null,
      usageDelivered: delivery.usageDelivered,
      metered: this.answer?.metered ?? null,
      outcome: delivery.outcome,
      fault: this.fault,
      costNano: String(this.#chargedNano),
    });
  }
}
