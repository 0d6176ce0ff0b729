import type { BudgetRefusal } from '../accounting/budgets/tally.ts';
import type { LimitKind, LimitRefusal } from '../accounting/limits.ts';
import { GatewayError } from '../errors/gateway-error.ts';
import { usdFromNano } from '../lib/money.ts';

const LIMITS: Record<LimitKind, string> = {
  requests: 'requests/minute',
  tokens: 'tokens/minute',
  concurrency: 'calls at once',
};

/** Names scope, number and kind; the key's own limit of requests in the words of system A (contracts A1). */
export function limitError({ subject, kind, limit, waitMs }: LimitRefusal): GatewayError {
  const whose = subject.scope === 'key' ? '' : ` of the ${subject.scope}`;
  return new GatewayError(
    'rate_limit_exceeded',
    `Rate limit exceeded${whose}. Limit: ${limit} ${LIMITS[kind]}`,
    { retryAfterMs: waitMs },
  );
}

/** Names scope, cap, what is spent and held, and when the money comes back. */
export function budgetError(refusal: BudgetRefusal, nowMs: number): GatewayError {
  const { scope, capNano, settledNano, heldNano, amountNano, resetsAtMs } = refusal;
  const resets =
    resetsAtMs === null
      ? 'It does not reset.'
      : `It resets at ${new Date(resetsAtMs).toISOString()}.`;
  return new GatewayError(
    'insufficient_quota',
    `Budget exceeded. The budget of this ${scope} is $${usdFromNano(capNano)}: ` +
      `$${usdFromNano(settledNano)} spent, $${usdFromNano(heldNano)} held by calls under way, ` +
      `$${usdFromNano(amountNano)} needed for this call. ${resets}`,
    resetsAtMs === null ? {} : { retryAfterMs: resetsAtMs - nowMs },
  );
}
