import { Pool as PoolRow } from '../entities/pool.ts';
import type { EffectFacts } from './effect.ts';
import type { Journal } from './journal.ts';
import type { Member } from './member.ts';
import type { Pool } from './pool.ts';

/** Keeps on disk whom a pool has selected, after a failure moved the selection on (contracts C3). */
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
    this.#journal.write([event], async (tx) => {
      await tx.nativeUpdate(PoolRow, { id: pool.id }, { selectedCredentialId: to.id });
    });
  }
}
