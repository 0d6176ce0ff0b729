import type { BudgetBook } from '../accounting/budgets/budget-book.ts';
import type { BudgetSubjects } from '../accounting/budgets/terms.ts';
import type { Ledger } from '../accounting/ledger/ledger.ts';
import type { Limits } from '../accounting/limits.ts';
import { budgetError, limitError } from '../accounting/refusals.ts';
import { Ticket } from '../accounting/ticket.ts';
import type { Taken } from '../accounting/ticket.ts';
import type { CallRecord } from '../entities/call-record.ts';
import { tokensIn } from '../entities/usage.ts';
import { GatewayError } from '../errors/gateway-error.ts';
import type { Clock } from '../lib/clock.ts';
import type { Arrived } from './data-plane.ts';
import { estimatedHold, provableHold } from './hold-for.ts';
import { estimateOf } from './route-for.ts';
import type { Route } from './route.ts';

export interface AdmitParts {
  clock: Clock;
  limits: Limits;
  budgets: BudgetBook;
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
  if (tight !== null) throw limitError(tight, parts.clock.now());
  const wallMs = parts.clock.now();
  const subjects = subjectsOf(arrived);
  const budgets = parts.budgets.find(subjects);
  // Whoever brings a credential pays with it.
  const isStrict = !route.isCallers && budgets.some((budget) => budget.isStrict);
  const known = route.isCallers ? 0n : holdFor(arrived, isStrict);
  const amountNano = known ?? 0n;
  // What costs nobody knows how much is refused where nothing is left.
  const spent = parts.budgets.refusal(budgets, known ?? 1n, wallMs);
  if (spent !== null) throw budgetError(spent, wallMs);
  const take = (): Taken => {
    const limits = parts.limits.take(key.limits, tokens, nowMs);
    const money = parts.budgets.hold(budgets, {
      id: call.id,
      subjects,
      amountNano,
      sinceMs: wallMs,
    });
    return {
      limits: {
        settle: (used) => limits.settle(used, parts.clock.monotonic()),
        [Symbol.dispose]: () => limits[Symbol.dispose](),
      },
      money: {
        settle: (costNano) => void money.settle(costNano, parts.clock.now()),
        extend: (more) => money.extend(more, parts.clock.now()) === null,
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
      // The budgets' own time: a slow body must not put record and budget in different periods.
      createdAtMs: wallMs,
      expiresAtMs: wallMs + pool.policy.timeouts.totalMs,
    },
    isStrict,
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

/** Null where nobody knows the price, and the pool serves such calls. */
function holdFor(arrived: Arrived, isStrict: boolean): bigint | null {
  if (isStrict) return provableHold(arrived);
  const estimate = estimatedHold(arrived);
  if (estimate !== null || arrived.pool.policy.unpriced === 'record') return estimate;
  const { model } = arrived.request.asked;
  const what = model === '' ? arrived.endpoint.id : `the model \`${model}\``;
  throw new GatewayError(
    'model_not_priced',
    `The price of ${what} is not known, and this pool serves no unpriced calls.`,
    model === '' ? {} : { param: 'model' },
  );
}
