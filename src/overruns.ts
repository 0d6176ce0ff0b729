import { VirtualKey } from './entities/virtual-key.ts';
import type { CallRecord } from './entities/call-record.ts';
import { usdFromNano } from './lib/money.ts';
import type { Journal } from './pool/journal.ts';

/**
 * Switches off the virtual key of a call that cost more than a strict budget was told it could (trust
 * M6): whatever its provider bills for, the next such call would do it again.
 */
export function blockOverrun(record: CallRecord, journal: Journal): void {
  const isOverrun = record.attempts.at(-1)?.anomalies?.includes('overrun') === true;
  if (!isOverrun) return;
  const { id, keyId, costNano, holdNano } = record;
  const after = { isActive: false, cost: usdFromNano(costNano), hold: usdFromNano(holdNano) };
  const event = {
    type: 'virtual_key.overrun',
    subject: keyId,
    actor: 'system',
    requestId: id,
    before: { isActive: true },
    after,
  };
  journal.write([event], async (tx) => {
    const change = { isActive: false };
    return (await tx.nativeUpdate(VirtualKey, { id: keyId, isActive: true }, change)) > 0;
  });
}
