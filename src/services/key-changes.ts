import { z } from 'zod';
import type { Event } from '../entities/event.ts';
import { GatewayError } from '../errors/gateway-error.ts';
import type { EventFeed } from '../events/feed.ts';
import type { EventLog } from '../events/log.ts';
import type { Clock } from '../lib/clock.ts';
import { leavable } from '../lib/leavable.ts';
import type { Actor } from './actor.ts';
import type { IndexedKey, KeyIndex } from './key-index.ts';
import { keyNow } from './key-now.ts';
import type { KeyNow } from './key-now.ts';
import { validated } from './operation.ts';
import { permit } from './policy.ts';
import { count } from './proto-fields.ts';

/** One step of following keys; `seq` is where to go on after it. */
export type KeyChange =
  | { readonly kind: 'current' | 'changed'; readonly seq: number; readonly now: KeyNow }
  | { readonly kind: 'ready'; readonly seq: number; readonly keys: number }
  | { readonly kind: 'removed'; readonly seq: number; readonly id: string };

export interface KeyChangeParts {
  clock: Clock;
  keys: KeyIndex;
  events: Pick<EventLog, 'seq'>;
  /** Told after the index, so that what it tells of is in there. */
  feed: Pick<EventFeed, 'follow'>;
}

const followInput = z.strictObject({ after: count(Number.MAX_SAFE_INTEGER).default(0) });

export type FollowKeysInput = z.input<typeof followInput>;

const TYPES = ['virtual_key.*', 'user.*', 'team.*'];
const KEY = 'virtual_key.';

/**
 * Virtual keys as they are, then each change of one, by the numbers of the events that tell it: whoever
 * broke off goes on where they were, however long that is ago as far as the log reaches.
 */
export class KeyChanges {
  readonly #parts: KeyChangeParts;

  constructor(parts: KeyChangeParts) {
    this.#parts = parts;
  }

  /** From the number of a step on; 0 begins with all keys as they are. */
  async follow(
    actor: Actor,
    input: FollowKeysInput = {},
  ): Promise<AsyncGenerator<KeyChange, void>> {
    permit(actor, 'watchKeys');
    const { after } = validated(followInput, input);
    return await leavable(async (signal) => {
      // In one step: the index has all events up to this one, and the log is followed from there.
      const seq = after === 0 ? this.#parts.events.seq : after;
      const current = after === 0 ? [...this.#parts.keys.all()] : [];
      const query = { after: seq, types: TYPES };
      const events = await this.#parts.feed.follow(query, signal).catch(outOfReach);
      return after === 0 ? this.#all(current, seq, events) : this.#changes(events);
    });
  }

  /** What breaks off before `ready` begins anew. */
  async *#all(current: readonly IndexedKey[], seq: number, events: AsyncGenerator<Event, void>) {
    for (const key of current) yield { kind: 'current', seq: 0, now: this.#now(key) } as const;
    yield { kind: 'ready', seq, keys: current.length } as const;
    yield* this.#changes(events);
  }

  async *#changes(events: AsyncGenerator<Event, void>): AsyncGenerator<KeyChange, void> {
    for await (const event of events) {
      const ids = this.#changedBy(event);
      for (const [at, id] of ids.entries()) {
        const key = this.#parts.keys.byId(id);
        // Until the last of them is told, going on means hearing of the event again.
        const seq = at === ids.length - 1 ? event.seq : event.seq - 1;
        if (key === undefined) yield { kind: 'removed', seq, id };
        else yield { kind: 'changed', seq, now: this.#now(key) };
      }
    }
  }

  /** The key itself; all keys of an owner or a team that was switched. */
  #changedBy({ type, subject, before, after }: Event): string[] {
    if (type.startsWith(KEY)) return [subject];
    if (before === null || isEnabled(before) === isEnabled(after)) return [];
    const all = [...this.#parts.keys.all()];
    return all.flatMap(({ id, userId, teamId }) =>
      userId === subject || teamId === subject ? [id] : [],
    );
  }

  #now(key: IndexedKey): KeyNow {
    return keyNow(this.#parts.keys, key, this.#parts.clock.now());
  }
}

/** A number of a log that is not this one, such as before it was restored: to begin anew mends it too. */
function outOfReach(thrown: unknown): never {
  const { code, message } = GatewayError.from(thrown);
  if (code !== 'invalid_request') throw thrown;
  throw new GatewayError('not_found', message, { param: 'after' });
}

const isEnabled = (facts: unknown): unknown => (facts as { isEnabled?: unknown } | null)?.isEnabled;
