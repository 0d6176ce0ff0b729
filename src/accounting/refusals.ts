import type { BudgetRefusal } from './budgets/tally.ts';
import type { LimitKind, LimitRefusal } from './limits.ts';
import { GatewayError } from '../errors/gateway-error.ts';
import { usdFromNano } from '../lib/money.ts';

const LIMITS: Record<LimitKind, string> = {
  requests: 'requests/minute',
  tokens: 'tokens/minute',
  concurrency: 'calls at once',
};

/**
 * Names limit, scope, what is used and needed, and when there is room again. Begins with the words of
 * system A (contracts A1).
 */
export function limitError(refusal: LimitRefusal, nowMs: number): GatewayError {
  const { subject, kind, limit, used, asked, waitMs } = refusal;
  const standing =
    kind === 'concurrency'
      ? `${used} under way. There is room again when one of them ends.`
      : `${used} used, ${asked} needed for this call. There is room again at ${timeText(nowMs + waitMs)}.`;
  return new GatewayError(
    'rate_limit_exceeded',
    `Rate limit exceeded. Limit: ${limit} ${LIMITS[kind]} for this ${subject.scope}: ${standing}`,
    { retryAfterMs: waitMs },
  );
}

/** Names scope, cap, what is spent and held, and when the money comes back. */
export function budgetError(refusal: BudgetRefusal, nowMs: number): GatewayError {
  const { scope, capNano, settledNano, heldNano, amountNano, resetsAtMs } = refusal;
  const resets =
    resetsAtMs === null ? 'It does not reset.' : `It resets at ${timeText(resetsAtMs)}.`;
  return new GatewayError(
    'insufficient_quota',
    `Budget exceeded. The budget of this ${scope} is $${usdFromNano(capNano)}: ` +
      `$${usdFromNano(settledNano)} spent, $${usdFromNano(heldNano)} held by calls under way, ` +
      `$${usdFromNano(amountNano)} needed for this call. ${resets}`,
    resetsAtMs === null ? {} : { retryAfterMs: resetsAtMs - nowMs },
  );
}

/** Never earlier than it is. */
const timeText = (ms: number): string => new Date(Math.ceil(ms)).toISOString();
