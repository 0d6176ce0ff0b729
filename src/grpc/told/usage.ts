import { status } from '@grpc/grpc-js';
import type { ReservationState, ReservationTold } from '../../accounting/remote/reservation.ts';
import type { Usage } from '../../entities/usage.ts';
import { GatewayError } from '../../errors/gateway-error.ts';
import type { MoneyLeft } from '../../services/money-left.ts';
import type { RecordOutcome, UsageRecorded } from '../../services/recorded-usage.ts';
import type { UsageSum as Sum } from '../../services/usage-sum.ts';
import type { RecordUsageError } from '../generated/tollgate/v1/RecordUsageError.ts';
import type { RecordUsageResponse } from '../generated/tollgate/v1/RecordUsageResponse.ts';
import type { RecordUsageResult } from '../generated/tollgate/v1/RecordUsageResult.ts';
import type { Reservation } from '../generated/tollgate/v1/Reservation.ts';
import type { ReservationState__Output } from '../generated/tollgate/v1/ReservationState.ts';
import type { TokenUsage } from '../generated/tollgate/v1/TokenUsage.ts';
import type { UsageSum } from '../generated/tollgate/v1/UsageSum.ts';
import { toldBudget } from './budget.ts';
import { given } from './given.ts';
import { toldTime } from './time.ts';

/** Classes have the same names, and counts are exact numbers. */
const toldUsage = (usage: Usage): TokenUsage => ({ ...usage });

export const toldSum = ({ calls, costNano, usage }: Sum): UsageSum => ({
  calls,
  costNanoUsd: costNano.toString(),
  usage: toldUsage(usage),
});

export const toldRemaining = ({ remainingNano }: Pick<MoneyLeft, 'remainingNano'>) =>
  given({ remainingNanoUsd: remainingNano?.toString() });

export const toldRecorded = ({ recorded, ...left }: UsageRecorded): RecordUsageResponse => ({
  requestId: recorded.id,
  costNanoUsd: recorded.costNano.toString(),
  isPriced: recorded.isPriced,
  priceId: recorded.priceId,
  isRepeat: recorded.isRepeat,
  budgets: left.budgets.map(toldBudget),
  ...toldRemaining(left),
});

export const toldOutcome = ({ idempotencyId, outcome }: RecordOutcome): RecordUsageResult =>
  outcome instanceof GatewayError
    ? { idempotencyId, error: toldError(outcome) }
    : { idempotencyId, recorded: toldRecorded(outcome) };

const toldError = ({ row, message, param }: GatewayError): RecordUsageError => ({
  code: status[row.grpc],
  message,
  field: param ?? '',
  isRetryable: row.retryable,
});

const STATES = {
  open: 'RESERVATION_STATE_OPEN',
  settled: 'RESERVATION_STATE_SETTLED',
  released: 'RESERVATION_STATE_RELEASED',
  expired: 'RESERVATION_STATE_EXPIRED',
} as const satisfies Record<ReservationState, ReservationState__Output>;

export const toldReservation = (told: ReservationTold): Reservation => ({
  id: told.id,
  idempotencyId: told.idempotencyId,
  keyId: told.keyId,
  state: STATES[told.state],
  amountNanoUsd: told.amountNano.toString(),
  ...given({ costNanoUsd: told.costNano?.toString() }),
  expiresAt: toldTime(told.expiresAtMs),
});
