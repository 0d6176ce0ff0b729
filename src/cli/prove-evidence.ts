import { setTimeout as sleep } from 'node:timers/promises';
import type { Budget } from '../entities/budget.ts';
import { UsageRecord } from '../entities/usage-record.ts';
import type { VirtualKey } from '../entities/virtual-key.ts';
import { chatCompletions } from '../proxy/endpoints/chat-completions.ts';
import type { FinishedEntry, WitnessLog } from '../sandbox/index.ts';
import { standingOf } from '../services/budget-standing.ts';
import type { Workspace } from '../workspace.ts';
import type { RecordedCall, WitnessedCall } from './prove-verdict.ts';

const LOOK_MS = 20;
/** Records are written moments after their answers. */
const WRITTEN_MS = 10_000;

/** The calls that the upstream has served, whatever the gateway says of them. */
export function witnessedCalls({ entries }: WitnessLog): WitnessedCall[] {
  const finished = new Map(
    entries
      .filter((entry): entry is FinishedEntry => entry.kind === 'finished')
      .map((entry) => [entry.callId, entry]),
  );
  return entries.flatMap((entry) =>
    entry.kind === 'received' && entry.path === chatCompletions.path
      ? [
          {
            id: entry.requestId ?? '',
            isStream: entry.isStream,
            usage: finished.get(entry.callId)?.usage ?? null,
          },
        ]
      : [],
  );
}

/** What the store has of one key and its budget. */
export class StoredEvidence {
  readonly #space: Workspace;
  readonly #key: VirtualKey;
  readonly #budget: Budget;

  constructor(space: Workspace, key: VirtualKey, budget: Budget) {
    this.#space = space;
    this.#key = key;
    this.#budget = budget;
  }

  /** The most that was spent and held at any moment until the work was done. */
  async mostTaken(work: Promise<unknown>): Promise<bigint> {
    const over = work.then(
      () => true,
      () => true,
    );
    let most = 0n;
    for (;;) {
      const { settledNano, heldNano } = await this.#standing();
      if (settledNano + heldNano > most) most = settledNano + heldNano;
      if (await Promise.race([over, sleep(LOOK_MS, false)])) return most;
    }
  }

  /** Waits until nothing is held and so many calls are on record; whatever is there when that takes too long. */
  async records(count: number, interrupt: AbortSignal): Promise<RecordedCall[]> {
    const { clock } = this.#space;
    const patienceEndsMs = clock.monotonic() + WRITTEN_MS;
    for (;;) {
      const { heldNano } = await this.#standing();
      const rows = await this.#rows();
      if ((heldNano === 0n && rows.length >= count) || clock.monotonic() >= patienceEndsMs)
        return rows;
      await sleep(LOOK_MS, undefined, { signal: interrupt });
    }
  }

  #standing() {
    const { orm, reader, clock } = this.#space;
    return standingOf({ em: orm.em, reader }, this.#budget, clock.now());
  }

  async #rows(): Promise<RecordedCall[]> {
    const { id } = this.#key;
    const em = this.#space.orm.em.fork();
    // Request ids are made in order of time, as the key's was: no older record need be looked at.
    const where = { id: { $gt: id }, keyId: id, endpoint: chatCompletions.id };
    return await em.find(UsageRecord, where, { fields: ['id', 'isStream', 'costNano'] });
  }
}
