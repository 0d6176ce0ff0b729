import type { SettledSpend } from './accounting/budgets/settled-spend.ts';
import { RemoteCalls } from './accounting/remote/remote-calls.ts';
import type { CallRecord } from './entities/call-record.ts';
import type { Broadcast } from './lib/broadcast.ts';
import { providers } from './providers/index.ts';
import type { DataPlane } from './proxy/data-plane.ts';
import type { PlaneMetrics } from './proxy/plane-metrics.ts';
import type { Workspace } from './workspace.ts';

export interface RemoteParts {
  plane: Pick<DataPlane, 'budgets' | 'ledger' | 'limits'>;
  metrics: PlaneMetrics;
  /** Budgets have been loaded by it. */
  spend: SettledSpend;
  settled: Broadcast<CallRecord>;
}

/** Calls of other services, with those that were open before this start. */
export function createRemoteCalls(
  { clock, file, logger, priceList }: Workspace,
  { plane, metrics, spend, settled }: RemoteParts,
): RemoteCalls {
  const { budgets, ledger, limits } = plane;
  const remote = new RemoteCalls({
    file,
    clock,
    budgets,
    ledger,
    limits,
    prices: { book: () => priceList.book, kinds: providers },
    // No credential of ours has paid, so that no balance moves.
    onRecorded(record) {
      metrics.recorded(record);
      settled.publish(record);
      if (!logger.isLevelEnabled('info')) return;
      const { id: requestId, endpoint, model, outcome, reason } = record;
      logger.info(
        { requestId, endpoint, model, outcome, reason },
        'call of another service recorded',
      );
    },
  });
  remote.resume(spend);
  return remote;
}
