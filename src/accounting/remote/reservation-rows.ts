import { usdFromNano } from '../../lib/money.ts';
import { holdRow, remoteRow } from '../ledger/rows.ts';
import type { Cell, RemoteWrite } from '../ledger/rows.ts';
import { callOf } from './remote-record.ts';
import type { Reservation, ReservationFacts } from './reservation.ts';

/** As holds name their owner: no process has to resolve these when it starts. */
const OWNER = 'remote';

export const heldRow = (facts: ReservationFacts, amountNano: bigint, expiresAtMs: number): Cell[] =>
  holdRow({ ...facts, amountNano, expiresAtMs }, OWNER);

/** A new reservation: its name and its hold. */
export function openingOf({ facts, amountNano, expiresAtMs }: Reservation): RemoteWrite {
  const { priceId, onExpiry } = facts;
  const own = { kind: 'reservation', isPriced: true, priceId, onExpiry, expiresAtMs } as const;
  return {
    id: facts.id,
    claim: remoteRow(callOf(facts, own)),
    hold: heldRow(facts, amountNano, expiresAtMs),
  };
}

/** An event, as its columns say, of one that was charged because nobody said what became of it. */
export function expiredRow({ facts, amountNano }: Reservation, nowMs: number): Cell[] {
  const { id, actor } = facts;
  const after = JSON.stringify({ charged: usdFromNano(amountNano), reservedBy: actor });
  return [nowMs, 'reservation.expired', id, 'system', id, after];
}
