import type { LimitKind } from '../../accounting/limits.ts';
import type { LimitNow } from '../../services/limits-now.ts';
import type { LimitKind__Output } from '../generated/tollgate/v1/LimitKind.ts';
import type { LimitWindow } from '../generated/tollgate/v1/LimitWindow.ts';
import { SCOPES } from './budget.ts';
import { toldTime } from './time.ts';

const KINDS = {
  requests: 'LIMIT_KIND_REQUESTS',
  tokens: 'LIMIT_KIND_TOKENS',
  concurrency: 'LIMIT_KIND_CONCURRENCY',
} as const satisfies Record<LimitKind, LimitKind__Output>;

export const toldLimit = ({ scope, kind, resetsAtMs, ...window }: LimitNow): LimitWindow => ({
  ...window,
  scope: SCOPES[scope],
  kind: KINDS[kind],
  resetsAt: toldTime(resetsAtMs),
});
