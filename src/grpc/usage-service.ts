import type { ControlPlane } from '../services/control-plane.ts';
import type { RecordOutcome } from '../services/recorded-usage.ts';
import type { ReservationEnded } from '../services/reservations.ts';
import { askedKey } from './asked/key-ref.ts';
import { present } from './asked/present.ts';
import { askedRecord, askedReserve, askedUsage } from './asked/usage.ts';
import type { ExtendRequest__Output } from './generated/tollgate/v1/ExtendRequest.ts';
import type { ExtendResponse } from './generated/tollgate/v1/ExtendResponse.ts';
import type { GetReservationRequest__Output } from './generated/tollgate/v1/GetReservationRequest.ts';
import type { GetReservationResponse } from './generated/tollgate/v1/GetReservationResponse.ts';
import type { GetUsageRequest__Output } from './generated/tollgate/v1/GetUsageRequest.ts';
import type { GetUsageResponse } from './generated/tollgate/v1/GetUsageResponse.ts';
import type { RecordUsageRequest__Output } from './generated/tollgate/v1/RecordUsageRequest.ts';
import type { RecordUsageResponse } from './generated/tollgate/v1/RecordUsageResponse.ts';
import type { RecordUsageStreamRequest__Output } from './generated/tollgate/v1/RecordUsageStreamRequest.ts';
import type { RecordUsageStreamResponse } from './generated/tollgate/v1/RecordUsageStreamResponse.ts';
import type { ReleaseRequest__Output } from './generated/tollgate/v1/ReleaseRequest.ts';
import type { ReleaseResponse } from './generated/tollgate/v1/ReleaseResponse.ts';
import type { ReserveRequest__Output } from './generated/tollgate/v1/ReserveRequest.ts';
import type { ReserveResponse } from './generated/tollgate/v1/ReserveResponse.ts';
import type { SettleRequest__Output } from './generated/tollgate/v1/SettleRequest.ts';
import type { SettleResponse } from './generated/tollgate/v1/SettleResponse.ts';
import type { Exchange, Unary } from './rpc.ts';
import { toldBudget } from './told/budget.ts';
import {
  toldOutcome,
  toldRecorded,
  toldRemaining,
  toldReservation,
  toldSum,
} from './told/usage.ts';

export interface UsageServiceMethods {
  RecordUsage: Unary<RecordUsageRequest__Output, RecordUsageResponse>;
  RecordUsageStream: Exchange<RecordUsageStreamRequest__Output, RecordUsageStreamResponse>;
  Reserve: Unary<ReserveRequest__Output, ReserveResponse>;
  Extend: Unary<ExtendRequest__Output, ExtendResponse>;
  Settle: Unary<SettleRequest__Output, SettleResponse>;
  Release: Unary<ReleaseRequest__Output, ReleaseResponse>;
  GetReservation: Unary<GetReservationRequest__Output, GetReservationResponse>;
  GetUsage: Unary<GetUsageRequest__Output, GetUsageResponse>;
}

/** Money for services that call providers themselves. */
export const usageService = (services: ControlPlane): UsageServiceMethods => ({
  ...recording(services),
  ...reserving(services),
});

const recording = ({ recordings }: ControlPlane) =>
  ({
    RecordUsage: async (asked, { actor }) =>
      toldRecorded(await recordings.record(actor, askedRecord(asked))),

    RecordUsageStream: (asked, { actor }) =>
      toldBatches(recordings.recordAll(actor, recordsOf(asked))),

    async GetUsage({ key, since, until }, { actor }) {
      const span = { since: present(since), until: present(until) };
      const { total, models } = await recordings.sums(actor, { key: askedKey(key), ...span });
      return {
        total: toldSum(total),
        models: models.map(({ of, ...sum }) => ({ model: of.model ?? '', sum: toldSum(sum) })),
      };
    },
  }) satisfies Partial<UsageServiceMethods>;

const reserving = ({ reservations }: ControlPlane) =>
  ({
    async Reserve(asked, { actor }) {
      const answer = await reservations.reserve(actor, askedReserve(asked));
      return {
        reservation: toldReservation(answer.reservation),
        isRepeat: answer.isRepeat,
        budgets: answer.budgets.map(toldBudget),
        ...toldRemaining(answer),
      };
    },

    async Extend({ reservationId, amountNanoUsd, expiresIn }, { actor }) {
      const answer = await reservations.extend(actor, {
        reservation_id: reservationId,
        amount_nano_usd: amountNanoUsd,
        expires_in: present(expiresIn),
      });
      return { reservation: toldReservation(answer.reservation), ...toldRemaining(answer) };
    },

    async Settle({ reservationId, usage, costNanoUsd }, { actor }) {
      const ended = await reservations.settle(actor, {
        reservation_id: reservationId,
        usage: askedUsage(usage),
        cost_nano_usd: costNanoUsd,
      });
      return {
        ...toldEnded(ended),
        isPriced: ended.isPriced,
        overrunNanoUsd: ended.overrunNano.toString(),
        ...toldRemaining(ended),
      };
    },

    Release: async ({ reservationId }, { actor }) =>
      toldEnded(await reservations.release(actor, { reservation_id: reservationId })),

    GetReservation: ({ reservationId }, { actor }) => ({
      reservation: toldReservation(reservations.get(actor, { reservation_id: reservationId })),
    }),
  }) satisfies Partial<UsageServiceMethods>;

const toldEnded = ({ reservation, isRepeat }: ReservationEnded) => ({
  reservation: toldReservation(reservation),
  isRepeat,
});

async function* recordsOf(asked: AsyncIterable<RecordUsageStreamRequest__Output>) {
  for await (const { record } of asked) yield record === null ? null : askedRecord(record);
}

/**
 * It cannot be left: when the call is over nothing more is asked, and all that was is answered, as long as
 * there is somebody to take it.
 */
const toldBatches = (
  batches: AsyncGenerator<RecordOutcome[], void>,
): AsyncIterable<RecordUsageStreamResponse> => ({
  [Symbol.asyncIterator]: () => ({
    async next() {
      const { done, value } = await batches.next();
      if (done === true) return { done, value: undefined };
      return { done: false, value: { results: value.map(toldOutcome) } };
    },
  }),
});
