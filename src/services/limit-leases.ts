import { z } from 'zod';
import type { LimitLease, Limits } from '../accounting/limits.ts';
import { limitError } from '../accounting/refusals.ts';
import { GatewayError } from '../errors/gateway-error.ts';
import type { Clock, Timer } from '../lib/clock.ts';
import { newId } from '../lib/ids.ts';
import type { Actor } from './actor.ts';
import { namedKeyInput, TOKENS_MAX } from './key-check-input.ts';
import type { NamedKeyInput } from './key-check-input.ts';
import type { IndexedKey, KeyIndex } from './key-index.ts';
import { activeKeyOf, keyOf, keyRef } from './key-ref.ts';
import { limitsNow } from './limits-now.ts';
import type { LimitNow } from './limits-now.ts';
import { validated } from './operation.ts';
import { permit, permitChange } from './policy.ts';
import { count, duration } from './proto-fields.ts';

const EXPIRES_MIN_MS = 1000;
const EXPIRES_MAX_MS = 3_600_000;
const EXPIRES_MS = 600_000;
/** Each costs a few hundred bytes and a timer; who leaves so many open has lost them. */
const OPEN_MAX = 100_000;
const FULL_RETRY_MS = 5000;
const ID_CHARS_MAX = 128;

const takeInput = z.strictObject({
  key: keyRef,
  tokens: count(TOKENS_MAX).default(0),
  expires_in: duration(EXPIRES_MIN_MS, EXPIRES_MAX_MS).default(EXPIRES_MS),
  /** The caller's own id of this taking; empty: none. */
  idempotency_id: z.string().max(ID_CHARS_MAX).default(''),
});

const settleInput = z.strictObject({
  lease_id: z.string().min(1).max(ID_CHARS_MAX),
  /** Those really used; as was taken unless given. */
  tokens: count(TOKENS_MAX).optional(),
});

export type TakeInput = z.input<typeof takeInput>;
export type SettleInput = z.input<typeof settleInput>;

/** What was taken, and how the limits stand after it. */
export interface LeaseTaken {
  readonly leaseId: string;
  readonly limits: readonly LimitNow[];
  /** It was taken already: nothing was taken now. */
  readonly isRepeat: boolean;
}

export interface LimitLeaseParts {
  clock: Clock;
  keys: KeyIndex;
  /** Those of `/v1`: what both take counts once, in one place. */
  limits: Pick<Limits, 'refusal' | 'take' | 'windows'>;
}

interface Open {
  readonly lease: LimitLease;
  readonly tokens: number;
  /** By which it is found again; null where the caller has none. */
  readonly name: string | null;
  readonly expiry: Timer;
}

/**
 * Limits taken for calls that other services make: of the key and its team, of all of them or of none,
 * in one step without an await. A lease that nobody settles ends by itself: its place is free then, its
 * request and its tokens stay as they were taken. Leases live as long as the limits do: in this process.
 */
export class LimitLeases {
  readonly #parts: LimitLeaseParts;
  readonly #max: number;
  readonly #open = new Map<string, Open>();
  /** Leases by key and idempotency id, as long as they are open. */
  readonly #byName = new Map<string, string>();

  constructor(parts: LimitLeaseParts, max = OPEN_MAX) {
    this.#parts = parts;
    this.#max = max;
  }

  /** How many are open. */
  get size(): number {
    return this.#open.size;
  }

  /** @throws GatewayError `rate_limit_exceeded` with the time to wait, when one has no room */
  take(actor: Actor, input: TakeInput): LeaseTaken {
    permitChange(actor, 'takeLimits');
    const { key: ref, tokens, expires_in: expiresMs, idempotency_id } = validated(takeInput, input);
    const { clock, keys, limits } = this.#parts;
    const key = activeKeyOf(keys, ref, clock.now());
    const name = idempotency_id === '' ? null : `${key.id} ${idempotency_id}`;
    const known = this.#known(name, tokens);
    if (known !== null) return this.#told(known, key, true);
    if (this.#open.size >= this.#max) throw full(this.#max);
    const nowMs = clock.monotonic();
    const tight = limits.refusal(key.limits, tokens, nowMs);
    if (tight !== null) throw limitError(tight, clock.now());
    const id = newId();
    const expiry = clock.after(expiresMs, () => void this.#close(id));
    this.#open.set(id, { lease: limits.take(key.limits, tokens, nowMs), tokens, name, expiry });
    if (name !== null) this.#byName.set(name, id);
    return this.#told(id, key, false);
  }

  /** False when it was closed already, or its time was over. */
  settle(actor: Actor, input: SettleInput): boolean {
    permitChange(actor, 'settleLimits');
    const { lease_id, tokens } = validated(settleInput, input);
    const open = this.#close(lease_id);
    if (open !== undefined && tokens !== undefined) {
      open.lease.settle(tokens, this.#parts.clock.monotonic());
    }
    return open !== undefined;
  }

  /** How the limits of a key and its team stand; takes nothing. */
  windows(actor: Actor, input: NamedKeyInput): LimitNow[] {
    permit(actor, 'getLimits');
    const { key } = validated(namedKeyInput, input);
    return limitsNow(keyOf(this.#parts.keys, key).limits, this.#parts);
  }

  #told(leaseId: string, { limits }: IndexedKey, isRepeat: boolean): LeaseTaken {
    return { leaseId, limits: limitsNow(limits, this.#parts), isRepeat };
  }

  /** The open lease that was asked for before; null when there is none. */
  #known(name: string | null, tokens: number): string | null {
    const id = name === null ? undefined : this.#byName.get(name);
    if (id === undefined) return null;
    if (this.#open.get(id)?.tokens === tokens) return id;
    const text = 'idempotency_id: is open with other tokens';
    throw new GatewayError('conflict', text, { param: 'idempotency_id' });
  }

  #close(id: string): Open | undefined {
    const open = this.#open.get(id);
    if (open === undefined) return undefined;
    this.#open.delete(id);
    if (open.name !== null) this.#byName.delete(open.name);
    open.expiry.cancel();
    open.lease[Symbol.dispose]();
    return open;
  }
}

function full(max: number): GatewayError {
  const text = `There are ${max} open leases already: settle those whose calls are over.`;
  return new GatewayError('overloaded', text, { retryAfterMs: FULL_RETRY_MS });
}
