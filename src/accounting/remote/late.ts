import type { EntityManager } from '@mikro-orm/sqlite';
import { adjust } from '../ledger/adjust.ts';
import type { CorrectionFacts } from '../ledger/adjust.ts';
import type { LateEnd } from './ending.ts';

/** What became of the books. Nano-USD. */
export interface LateCorrection {
  /** Adjustments written: none for a call that costs what it was charged. */
  readonly entries: number;
  readonly deltaNano: bigint;
}

/**
 * Ends a reservation that had expired, in the caller's transaction: that it is ended and the correction
 * of what it was charged are one, so that neither is there twice. An operator's word on the cost stands.
 * Null where it was ended meanwhile.
 */
export async function endLate(
  tx: EntityManager,
  { id, asked, isPriced, costNano, priceId }: LateEnd,
  facts: Omit<CorrectionFacts, 'reason'>,
): Promise<LateCorrection | null> {
  const { affectedRows } = await tx.execute<{ affectedRows: number }>(
    `update remote_calls set settle_fingerprint = ?, is_priced = ?
     where id = ? and settle_fingerprint is null`,
    [asked.fingerprint, isPriced ? 1 : 0, id],
    'run',
  );
  if (affectedRows === 0) return null;
  const reason = 'late';
  const { entries, beforeNano, afterNano } = await adjust(
    tx,
    [id],
    { ...facts, reason },
    ({ isOperators }) => (isOperators ? null : { costNano, priceId }),
  );
  return { entries, deltaNano: afterNano - beforeNano };
}
