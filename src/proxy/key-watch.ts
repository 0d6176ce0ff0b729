import type { Clock } from '../lib/clock.ts';
import type { Call } from './call.ts';
import type { KeyEntry, VirtualKeys } from './virtual-keys.ts';

/** Well within the second that a stream may outlive its key (trust A2). */
const LOOK_MS = 250;

/**
 * Ends the calls under way whose virtual key is no longer active. Looks for them now and then, as long
 * as there are any: whichever way a key ends, switched off, deleted, rotated or expired, none is missed.
 */
export class KeyWatch {
  readonly #keys: Pick<VirtualKeys, 'again' | 'isActive'>;
  readonly #clock: Clock;
  readonly #calls = new Map<Call, KeyEntry>();
  #isLooking = false;

  constructor(keys: Pick<VirtualKeys, 'again' | 'isActive'>, clock: Clock) {
    this.#keys = keys;
    this.#clock = clock;
  }

  /** To be disposed of when the call is over. */
  enter(call: Call, key: KeyEntry): Disposable {
    this.#calls.set(call, key);
    if (!this.#isLooking) this.#lookLater();
    return { [Symbol.dispose]: () => void this.#calls.delete(call) };
  }

  #lookLater(): void {
    this.#isLooking = true;
    this.#clock.after(LOOK_MS, () => {
      this.#isLooking = false;
      this.#look();
      if (this.#calls.size > 0) this.#lookLater();
    });
  }

  #look(): void {
    const nowMs = this.#clock.now();
    for (const [call, shown] of this.#calls) {
      const key = this.#keys.again(shown);
      if (key === undefined || !this.#keys.isActive(key, nowMs)) call.abort('key_revoked');
    }
  }
}
