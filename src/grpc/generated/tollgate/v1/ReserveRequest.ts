// Original file: protos/tollgate/v1/usage_service.proto

import type { KeyRef as _tollgate_v1_KeyRef, KeyRef__Output as _tollgate_v1_KeyRef__Output } from '../../tollgate/v1/KeyRef.ts';
import type { TokenUsage as _tollgate_v1_TokenUsage, TokenUsage__Output as _tollgate_v1_TokenUsage__Output } from '../../tollgate/v1/TokenUsage.ts';
import type { Duration as _google_protobuf_Duration, Duration__Output as _google_protobuf_Duration__Output } from '../../google/protobuf/Duration.ts';
import type { ExpiryAction as _tollgate_v1_ExpiryAction, ExpiryAction__Output as _tollgate_v1_ExpiryAction__Output } from '../../tollgate/v1/ExpiryAction.ts';
import type { Long } from '@grpc/proto-loader';

export interface ReserveRequest {
  'idempotencyId'?: (string);
  'key'?: (_tollgate_v1_KeyRef | null);
  'provider'?: (string);
  'model'?: (string);
  'endpoint'?: (string);
  'amountNanoUsd'?: (number | string | Long);
  'estimate'?: (_tollgate_v1_TokenUsage | null);
  'expiresIn'?: (_google_protobuf_Duration | null);
  'onExpiry'?: (_tollgate_v1_ExpiryAction);
  'amount'?: "amountNanoUsd"|"estimate";
}

export interface ReserveRequest__Output {
  'idempotencyId': (string);
  'key': (_tollgate_v1_KeyRef__Output | null);
  'provider': (string);
  'model': (string);
  'endpoint': (string);
  'amountNanoUsd'?: (string);
  'estimate'?: (_tollgate_v1_TokenUsage__Output | null);
  'expiresIn': (_google_protobuf_Duration__Output | null);
  'onExpiry': (_tollgate_v1_ExpiryAction__Output);
  'amount'?: "amountNanoUsd"|"estimate";
}
