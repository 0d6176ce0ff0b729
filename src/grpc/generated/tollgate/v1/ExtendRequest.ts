// Original file: protos/tollgate/v1/usage_service.proto

import type { Duration as _google_protobuf_Duration, Duration__Output as _google_protobuf_Duration__Output } from '../../google/protobuf/Duration.ts';
import type { Long } from '@grpc/proto-loader';

export interface ExtendRequest {
  'reservationId'?: (string);
  'amountNanoUsd'?: (number | string | Long);
  'expiresIn'?: (_google_protobuf_Duration | null);
  '_amountNanoUsd'?: "amountNanoUsd";
}

export interface ExtendRequest__Output {
  'reservationId': (string);
  'amountNanoUsd'?: (string);
  'expiresIn': (_google_protobuf_Duration__Output | null);
  '_amountNanoUsd'?: "amountNanoUsd";
}
