// Original file: protos/tollgate/v1/usage_service.proto

import type { KeyRef as _tollgate_v1_KeyRef, KeyRef__Output as _tollgate_v1_KeyRef__Output } from '../../tollgate/v1/KeyRef.ts';
import type { TokenUsage as _tollgate_v1_TokenUsage, TokenUsage__Output as _tollgate_v1_TokenUsage__Output } from '../../tollgate/v1/TokenUsage.ts';
import type { Timestamp as _google_protobuf_Timestamp, Timestamp__Output as _google_protobuf_Timestamp__Output } from '../../google/protobuf/Timestamp.ts';
import type { Long } from '@grpc/proto-loader';

export interface RecordUsageRequest {
  'idempotencyId'?: (string);
  'key'?: (_tollgate_v1_KeyRef | null);
  'provider'?: (string);
  'model'?: (string);
  'endpoint'?: (string);
  'usage'?: (_tollgate_v1_TokenUsage | null);
  'costNanoUsd'?: (number | string | Long);
  'usedAt'?: (_google_protobuf_Timestamp | null);
  'countsInLimits'?: (boolean);
  '_costNanoUsd'?: "costNanoUsd";
}

export interface RecordUsageRequest__Output {
  'idempotencyId': (string);
  'key': (_tollgate_v1_KeyRef__Output | null);
  'provider': (string);
  'model': (string);
  'endpoint': (string);
  'usage': (_tollgate_v1_TokenUsage__Output | null);
  'costNanoUsd'?: (string);
  'usedAt': (_google_protobuf_Timestamp__Output | null);
  'countsInLimits': (boolean);
  '_costNanoUsd'?: "costNanoUsd";
}
