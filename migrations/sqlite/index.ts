import { InitialSchema } from './0001-initial-schema.ts';
import { Routing } from './0002-routing.ts';
import { Budgets } from './0003-budgets.ts';
import { Adjustments } from './0004-adjustments.ts';
import { UsageTotals } from './0005-usage-totals.ts';
import { ControlPlane } from './0006-control-plane.ts';
import { RemoteCalls } from './0007-remote-calls.ts';

/** In the order they run. A released migration is never edited. */
export const migrations = [
  { name: '0001-initial-schema', class: InitialSchema },
  { name: '0002-routing', class: Routing },
  { name: '0003-budgets', class: Budgets },
  { name: '0004-adjustments', class: Adjustments },
  { name: '0005-usage-totals', class: UsageTotals },
  { name: '0006-control-plane', class: ControlPlane },
  { name: '0007-remote-calls', class: RemoteCalls },
];
