import type { CallRecord } from '../entities/call-record.ts';
import type { EventLog } from '../events/log.ts';
import { Broadcast } from '../lib/broadcast.ts';
import type { Clock } from '../lib/clock.ts';
import { Conflation } from '../lib/conflation.ts';
import type { PoolDirectory } from '../pool/directory.ts';
import type { Member } from '../pool/member.ts';
import type { Pool } from '../pool/pool.ts';

/** What a credential has left, as far as is known now. */
export interface BalanceNow {
  credentialId: string;
  credentialName: string;
  poolId: string;
  poolName: string;
  atMs: number;
  balanceNano: bigint | null;
  /** Spent in all by the provider's count, when it was last asked. */
  usedNano: bigint | null;
  checkedAtMs: number | null;
}

export interface LiveBalanceParts {
  clock: Clock;
  events: EventLog;
  pools: PoolDirectory;
  settled: Broadcast<CallRecord>;
}

/** Of one credential; hundreds of calls in a second are told as four balances. */
const INTERVAL_MS = 250;

/** Balances as they move: by what providers tell, and by what calls cost in between. */
export class LiveBalances {
  readonly #parts: LiveBalanceParts;
  readonly #told = new Broadcast<string>();

  constructor(parts: LiveBalanceParts) {
    this.#parts = parts;
    parts.events.subscribe('balance.', ({ subject }) => this.#told.publish(subject));
  }

  /** The balances as they are, then each when it has changed. */
  async *follow(
    isWanted: (credentialId: string, poolId: string) => boolean,
    signal: AbortSignal,
  ): AsyncGenerator<BalanceNow, void> {
    const { clock, pools, settled } = this.#parts;
    const changes = new Conflation<string>(clock, INTERVAL_MS);
    const stops = [
      this.#told.listen((credentialId) => changes.mark(credentialId)),
      settled.listen(({ credentialId, costNano }) => {
        if (costNano > 0n) changes.mark(credentialId);
      }),
    ];
    try {
      for (const pool of pools.all()) {
        for (const member of pool.members) {
          if (isWanted(member.id, pool.id)) yield this.#now(pool, member);
        }
      }
      for await (const credentialId of changes.follow(signal)) {
        for (const pool of pools.all()) {
          const member = pool.member(credentialId);
          if (member !== undefined && isWanted(credentialId, pool.id))
            yield this.#now(pool, member);
        }
      }
    } finally {
      for (const stop of stops) stop();
    }
  }

  #now(pool: Pool, { id, name, balanceNano, balanceUsedNano, balanceCheckedAtMs }: Member) {
    return {
      credentialId: id,
      credentialName: name,
      poolId: pool.id,
      poolName: pool.name,
      atMs: this.#parts.clock.now(),
      balanceNano,
      usedNano: balanceUsedNano,
      checkedAtMs: balanceCheckedAtMs,
    };
  }
}
