// Original file: protos/tollgate/v1/usage_service.proto

import type { Reservation as _tollgate_v1_Reservation, Reservation__Output as _tollgate_v1_Reservation__Output } from '../../tollgate/v1/Reservation.ts';
import type { BudgetStanding as _tollgate_v1_BudgetStanding, BudgetStanding__Output as _tollgate_v1_BudgetStanding__Output } from '../../tollgate/v1/BudgetStanding.ts';
import type { Long } from '@grpc/proto-loader';

export interface ReserveResponse {
  'reservation'?: (_tollgate_v1_Reservation | null);
  'isRepeat'?: (boolean);
  'budgets'?: (_tollgate_v1_BudgetStanding)[];
  'remainingNanoUsd'?: (number | string | Long);
  '_remainingNanoUsd'?: "remainingNanoUsd";
}

export interface ReserveResponse__Output {
  'reservation': (_tollgate_v1_Reservation__Output | null);
  'isRepeat': (boolean);
  'budgets': (_tollgate_v1_BudgetStanding__Output)[];
  'remainingNanoUsd'?: (string);
  '_remainingNanoUsd'?: "remainingNanoUsd";
}
