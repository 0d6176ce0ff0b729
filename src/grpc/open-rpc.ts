import { status } from '@grpc/grpc-js';
import type { Metadata, ServerInterceptingCallInterface } from '@grpc/grpc-js';
import { constants } from 'node:http2';
import type { ServerHttp2Stream } from 'node:http2';
import { GatewayError } from '../errors/gateway-error.ts';
import { newId } from '../lib/ids.ts';
import type { Clock, Timer } from '../lib/clock.ts';
import type { Actor } from '../services/actor.ts';
import type { RpcContext } from './rpc.ts';
import { statusOf } from './status.ts';

/**
 * What a call is to those who count: how long it may be open, and how many there may be. `probe` and
 * `health` ask for health: once, and as long as they like.
 */
export type Kind = 'unary' | 'watch' | 'exchange' | 'probe' | 'health';

/** `arriving`: its method has not been asked · `working`: it was, and has not said that it is done. */
type Phase = 'arriving' | 'working' | 'done';

export interface OpenRpcParts {
  clock: Clock;
  kind: Kind;
  /** As in `/tollgate.v1.KeyService/GetKey`. */
  path: string;
  call: ServerInterceptingCallInterface;
  stream: ServerHttp2Stream;
}

/** Who has said nothing of themselves: for what everybody may ask. */
const NOBODY: Actor = { name: 'nobody', role: 'user', userId: '' };

/** A peer that takes nothing for so long is too slow, whatever else it does. */
const STALLED_MS = 10_000;
/** Nor is one waited for longer that was told that it is over. */
const GOODBYE_MS = 1000;
/** What is said last is on its way by then; a stream that is reset sooner could overtake it. */
const PARTING_MS = 500;

const GONE = new GatewayError('client_closed_request', 'The caller has left.');

/** A call of a method, from its arrival until it is over for its caller and for us. */
export class OpenRpc {
  readonly kind: Kind;
  readonly path: string;
  readonly requestId = newId();
  readonly startedMs: number;
  /** Whether it is known who asks. */
  isKnown = false;
  #actor = NOBODY;
  readonly #parts: OpenRpcParts;
  readonly #leaving = new AbortController();
  /** Since when it is waited for the caller to take what was sent. */
  #waitingMs: number | null = null;
  #phase: Phase = 'arriving';
  #isEnded = false;
  #isOver = false;
  #timer: Timer | undefined;

  constructor(parts: OpenRpcParts) {
    this.#parts = parts;
    this.kind = parts.kind;
    this.path = parts.path;
    this.startedMs = parts.clock.monotonic();
  }

  get actor(): Actor {
    return this.#actor;
  }

  set actor(actor: Actor) {
    this.#actor = actor;
    this.isKnown = true;
  }

  get signal(): AbortSignal {
    return this.#leaving.signal;
  }

  get context(): RpcContext {
    const { requestId, signal } = this;
    return { actor: { ...this.#actor, requestId }, requestId, signal };
  }

  /** What its caller was told last, whoever said it: gRPC's library answers some of them itself. */
  get code(): string {
    const { sentTrailers, sentHeaders } = this.#parts.stream;
    const told = sentTrailers?.['grpc-status'] ?? sentHeaders?.['grpc-status'];
    return status[told === undefined ? status.CANCELLED : Number(told)] ?? 'UNKNOWN';
  }

  /** Whether its caller was told that it is over: it is to be told nothing else. */
  get isEnded(): boolean {
    return this.#isEnded;
  }

  get isArriving(): boolean {
    return this.#phase === 'arriving';
  }

  /** Whether nobody has anything to do with it: neither its method, nor its caller. */
  get isGone(): boolean {
    return this.#isOver && this.#phase !== 'working';
  }

  begin(): void {
    this.#phase = 'working';
  }

  /** Its method is done; what it answered is to be taken. */
  done(): void {
    this.#phase = 'done';
    if (!this.#isEnded) this.#after(STALLED_MS, () => this.#cut());
  }

  /** Tells its caller that it is over, and why; its method hears of it too. */
  end(error: GatewayError): void {
    if (this.#isEnded) return;
    this.#isEnded = true;
    this.#parts.call.sendStatus(statusOf(error, this.requestId));
    this.windUp(error);
    this.#after(GOODBYE_MS, () => this.#cut());
  }

  /** The same when it takes longer than that. */
  endAfter(ms: number, error: () => GatewayError): void {
    this.#after(ms, () => this.end(error()));
  }

  /** Tells its method alone, which may have something to say before it ends. */
  windUp(reason: GatewayError): void {
    this.#leaving.abort(reason);
  }

  /** Nothing goes to its caller any more, nor comes from there. */
  over(): void {
    this.#isEnded = true;
    this.#isOver = true;
    // A caller that does not close its half could go on for ever.
    this.#after(PARTING_MS, () => this.#close(constants.NGHTTP2_NO_ERROR));
    if (this.code !== 'OK') this.windUp(GONE);
  }

  /** Ends what takes too long; called once a second. */
  check(): void {
    if (this.#waitingMs !== null && this.#nowMs() - this.#waitingMs >= STALLED_MS) this.#cut();
  }

  /** What is sent waits for the caller to take it, until that resolves. */
  async whileTaken(taken: Promise<unknown>): Promise<void> {
    this.#waitingMs = this.#nowMs();
    await taken;
    this.#waitingMs = null;
  }

  #nowMs(): number {
    return this.#parts.clock.monotonic();
  }

  #after(ms: number, run: () => void): void {
    this.#timer?.cancel();
    this.#timer = this.#parts.clock.after(ms, run);
  }

  #cut(): void {
    this.#close(constants.NGHTTP2_ENHANCE_YOUR_CALM);
  }

  #close(code: number): void {
    const { stream } = this.#parts;
    if (!stream.closed) stream.close(code);
  }
}

/** What a handler of grpc-js has in hand besides the message. */
const byMetadata = new WeakMap<Metadata, OpenRpc>();

export const admit = (metadata: Metadata, rpc: OpenRpc): void => void byMetadata.set(metadata, rpc);

export function rpcOf({ metadata }: { metadata: Metadata }): OpenRpc {
  const rpc = byMetadata.get(metadata);
  if (rpc === undefined) throw new Error('nothing comes past the gate');
  return rpc;
}
