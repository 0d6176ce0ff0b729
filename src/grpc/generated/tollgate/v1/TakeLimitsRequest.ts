// Original file: protos/tollgate/v1/limit_service.proto

import type { KeyRef as _tollgate_v1_KeyRef, KeyRef__Output as _tollgate_v1_KeyRef__Output } from '../../tollgate/v1/KeyRef.ts';
import type { Duration as _google_protobuf_Duration, Duration__Output as _google_protobuf_Duration__Output } from '../../google/protobuf/Duration.ts';
import type { Long } from '@grpc/proto-loader';

export interface TakeLimitsRequest {
  'key'?: (_tollgate_v1_KeyRef | null);
  'tokens'?: (number | string | Long);
  'expiresIn'?: (_google_protobuf_Duration | null);
  'idempotencyId'?: (string);
}

export interface TakeLimitsRequest__Output {
  'key': (_tollgate_v1_KeyRef__Output | null);
  'tokens': (string);
  'expiresIn': (_google_protobuf_Duration__Output | null);
  'idempotencyId': (string);
}
