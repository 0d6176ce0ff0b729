// Original file: protos/tollgate/v1/usage_service.proto

import type { Reservation as _tollgate_v1_Reservation, Reservation__Output as _tollgate_v1_Reservation__Output } from '../../tollgate/v1/Reservation.ts';
import type { Long } from '@grpc/proto-loader';

export interface SettleResponse {
  'reservation'?: (_tollgate_v1_Reservation | null);
  'isRepeat'?: (boolean);
  'isPriced'?: (boolean);
  'overrunNanoUsd'?: (number | string | Long);
  'remainingNanoUsd'?: (number | string | Long);
  '_remainingNanoUsd'?: "remainingNanoUsd";
}

export interface SettleResponse__Output {
  'reservation': (_tollgate_v1_Reservation__Output | null);
  'isRepeat': (boolean);
  'isPriced': (boolean);
  'overrunNanoUsd': (string);
  'remainingNanoUsd'?: (string);
  '_remainingNanoUsd'?: "remainingNanoUsd";
}
