// Original file: protos/tollgate/v1/key_service.proto

import type { KeyRef as _tollgate_v1_KeyRef, KeyRef__Output as _tollgate_v1_KeyRef__Output } from '../../tollgate/v1/KeyRef.ts';
import type { Long } from '@grpc/proto-loader';

export interface ValidateKeyRequest {
  'key'?: (_tollgate_v1_KeyRef | null);
  'model'?: (string);
  'endpoint'?: (string);
  'sourceAddress'?: (string);
  'estimateNanoUsd'?: (number | string | Long);
  'estimateTokens'?: (number | string | Long);
  '_estimateNanoUsd'?: "estimateNanoUsd";
  '_estimateTokens'?: "estimateTokens";
}

export interface ValidateKeyRequest__Output {
  'key': (_tollgate_v1_KeyRef__Output | null);
  'model': (string);
  'endpoint': (string);
  'sourceAddress': (string);
  'estimateNanoUsd'?: (string);
  'estimateTokens'?: (string);
  '_estimateNanoUsd'?: "estimateNanoUsd";
  '_estimateTokens'?: "estimateTokens";
}
