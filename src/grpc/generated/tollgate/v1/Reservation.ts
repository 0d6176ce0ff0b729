// Original file: protos/tollgate/v1/usage_service.proto

import type { ReservationState as _tollgate_v1_ReservationState, ReservationState__Output as _tollgate_v1_ReservationState__Output } from '../../tollgate/v1/ReservationState.ts';
import type { Timestamp as _google_protobuf_Timestamp, Timestamp__Output as _google_protobuf_Timestamp__Output } from '../../google/protobuf/Timestamp.ts';
import type { Long } from '@grpc/proto-loader';

export interface Reservation {
  'id'?: (string);
  'idempotencyId'?: (string);
  'keyId'?: (string);
  'state'?: (_tollgate_v1_ReservationState);
  'amountNanoUsd'?: (number | string | Long);
  'costNanoUsd'?: (number | string | Long);
  'expiresAt'?: (_google_protobuf_Timestamp | null);
  '_costNanoUsd'?: "costNanoUsd";
}

export interface Reservation__Output {
  'id': (string);
  'idempotencyId': (string);
  'keyId': (string);
  'state': (_tollgate_v1_ReservationState__Output);
  'amountNanoUsd': (string);
  'costNanoUsd'?: (string);
  'expiresAt': (_google_protobuf_Timestamp__Output | null);
  '_costNanoUsd'?: "costNanoUsd";
}
