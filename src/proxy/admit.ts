import type { BudgetBook, BudgetSubjects } from '../accounting/budgets/budget-book.ts';
import type { Ledger } from '../accounting/ledger/ledger.ts';
import type { Limits } from '../accounting/limits.ts';
import { costOf } from '../accounting/prices/cost.ts';
import type { PriceBook } from '../accounting/prices/price-book.ts';
import { Ticket } from '../accounting/ticket.ts';
import type { Taken } from '../accounting/ticket.ts';
import type { CallRecord } from '../entities/call-record.ts';
import { tokensIn } from '../entities/usage.ts';
import { GatewayError } from '../errors/gateway-error.ts';
import type { Clock } from '../lib/clock.ts';
import type { Arrived } from './data-plane.ts';
import { budgetError, limitError } from './refusals.ts';
import { estimateOf } from './route-for.ts';
import type { Route } from './route.ts';

export interface AdmitParts {
  clock: Clock;
  limits: Limits;
  budgets: BudgetBook;
  prices: PriceBook;
  ledger: Ledger;
  onSettled(record: CallRecord): void;
}

/**
 * Whether this call may go on, in one synchronous step: all conditions hold and everything is taken,
 * or nothing is. The ticket carries the hold.
 */
export function admit(arrived: Arrived, route: Route, parts: AdmitParts): Ticket {
  const { call, endpoint, key, pool } = arrived;
  const { asked } = arrived.request;
  // Now, not when the call began: slow bodies must not bunch up behind the limit.
  const nowMs = parts.clock.monotonic();
  const tokens = tokensIn(estimateOf(arrived));
  const tight = parts.limits.refusal(key.limits, tokens, nowMs);
  if (tight !== null) throw limitError(tight);
  const estimate = route.isCallers ? 0n : holdFor(arrived, parts.prices);
  if (estimate === null && pool.policy.unpriced === 'refuse') {
    throw new GatewayError(
      'model_not_priced',
      `The price of the model \`${asked.model}\` is not known, and this pool serves no unpriced calls.`,
      { param: 'model' },
    );
  }
  const amountNano = estimate ?? 0n;
  const wallMs = parts.clock.now();
  const subjects = subjectsOf(arrived);
  const budgets = parts.budgets.find(subjects);
  const spent = parts.budgets.refusal(budgets, amountNano, wallMs);
  if (spent !== null) throw budgetError(spent, wallMs);
  const take = (): Taken => {
    const limits = parts.limits.take(key.limits, tokens, nowMs);
    const money = parts.budgets.hold(budgets, call.id, amountNano, wallMs);
    return {
      limits: {
        settle: (used) => limits.settle(used, parts.clock.monotonic()),
        [Symbol.dispose]: () => limits[Symbol.dispose](),
      },
      money: {
        settle({ costNano, startedAtMs }) {
          const charge = { costNano, startedAtMs, nowMs: parts.clock.now() };
          parts.budgets.settle(money, subjects, charge);
        },
        release: () => money.release(),
      },
    };
  };
  const ticket = new Ticket({
    hold: {
      id: call.id,
      keyId: key.id,
      poolId: pool.id,
      userId: key.userId,
      teamId: key.teamId,
      endpoint: endpoint.id,
      model: asked.model,
      amountNano,
      createdAtMs: call.startedAtMs,
      expiresAtMs: call.startedAtMs + pool.policy.timeouts.totalMs,
    },
    meter: endpoint.meter.kind,
    ledger: parts.ledger,
    take,
    onSettled: parts.onSettled,
  });
  ticket.route = route.note;
  return ticket;
}

const subjectsOf = ({ key, pool }: Arrived): BudgetSubjects => ({
  key: key.id,
  team: key.teamId || null,
  user: key.userId || null,
  pool: pool.id,
});

/**
 * What the call may cost at the dearest of those that could serve it; null when none of them has a
 * price for the model.
 */
function holdFor(arrived: Arrived, prices: PriceBook): bigint | null {
  const { call, endpoint, pool, request } = arrived;
  if (endpoint.meter.kind !== 'usage') return 0n;
  const usage = estimateOf(arrived);
  let dearest: bigint | null = null;
  for (const { kind, upstream } of pool.offers(pool.models.resolve(request.asked.model))) {
    const { provider, model } = kind.priceKey(upstream);
    const price = prices.find(provider, model, call.startedAtMs);
    if (price === undefined) continue;
    const { costNano } = costOf(usage, price);
    if (dearest === null || costNano > dearest) dearest = costNano;
  }
  return dearest;
}
