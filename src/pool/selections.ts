import { Pool as PoolRow } from '../entities/pool.ts';
import type { EffectFacts } from './effect.ts';
import type { Journal } from './journal.ts';
import type { Member } from './member.ts';
import type { Pool } from './pool.ts';

/**
 * Keeps on disk whom a pool has selected, after a failure moved the selection on (contracts C3).
 * Whom an operator has selected meanwhile stays selected.
 */
export class Selections {
  readonly #journal: Journal;

  constructor(journal: Journal) {
    this.#journal = journal;
  }

  moved(pool: Pool, from: Member, to: Member, { verdict, status, requestId }: EffectFacts): void {
    const request = requestId === null ? {} : { requestId };
    const event = {
      type: 'pool.credential_selected',
      subject: pool.id,
      actor: 'system',
      ...request,
      before: { credential: from.id, name: from.name },
      after: { credential: to.id, name: to.name, verdict, status },
    };
    // Nobody is selected yet, who failed is, or somebody who has left: none is an operator's choice
    // that memory has not heard of yet.
    const isOurs = [
      { selectedCredentialId: null },
      { selectedCredentialId: from.id },
      { selectedCredentialId: { $nin: pool.members.map(({ id }) => id) } },
    ];
    this.#journal.write([event], async (tx) => {
      const selected = { selectedCredentialId: to.id };
      if ((await tx.nativeUpdate(PoolRow, { id: pool.id, $or: isOurs }, selected)) > 0) return true;
      // Chosen by hand meanwhile, or an entry before was lost: what is on disk holds.
      const row = await tx.findOne(PoolRow, { id: pool.id });
      if (row !== null) pool.turn.selectedId = row.selectedCredentialId;
      return false;
    });
  }
}
