// Original file: protos/tollgate/v1/usage_service.proto

import type { Reservation as _tollgate_v1_Reservation, Reservation__Output as _tollgate_v1_Reservation__Output } from '../../tollgate/v1/Reservation.ts';
import type { Long } from '@grpc/proto-loader';

export interface ExtendResponse {
  'reservation'?: (_tollgate_v1_Reservation | null);
  'remainingNanoUsd'?: (number | string | Long);
  '_remainingNanoUsd'?: "remainingNanoUsd";
}

export interface ExtendResponse__Output {
  'reservation': (_tollgate_v1_Reservation__Output | null);
  'remainingNanoUsd'?: (string);
  '_remainingNanoUsd'?: "remainingNanoUsd";
}
