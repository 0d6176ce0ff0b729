import type { CallRecord } from './entities/call-record.ts';
import type { Broadcast } from './lib/broadcast.ts';
import { blockOverrun } from './overruns.ts';
import type { PoolDirectory } from './pool/directory.ts';
import type { Journal } from './pool/journal.ts';
import type { PlaneMetrics } from './proxy/plane-metrics.ts';
import type { Workspace } from './workspace.ts';

/** What follows from a settled call besides its record. */
export function settlements(
  { logger }: Workspace,
  parts: {
    directory: PoolDirectory;
    metrics: PlaneMetrics;
    journal: Journal;
    settled: Broadcast<CallRecord>;
  },
): (record: CallRecord) => void {
  const { directory, metrics, journal, settled } = parts;
  return (record) => {
    metrics.settled(record);
    blockOverrun(record, journal);
    directory.get(record.poolId)?.debit(record.credentialId, record.costNano);
    settled.publish(record);
    if (!logger.isLevelEnabled('info')) return;
    const { id: requestId, endpoint, model, status, outcome, reason, durationMs } = record;
    const facts = { requestId, endpoint, model, status, outcome, reason, durationMs };
    logger.info(facts, 'call settled');
  };
}
