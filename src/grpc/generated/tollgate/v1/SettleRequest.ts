// Original file: protos/tollgate/v1/usage_service.proto

import type { TokenUsage as _tollgate_v1_TokenUsage, TokenUsage__Output as _tollgate_v1_TokenUsage__Output } from '../../tollgate/v1/TokenUsage.ts';
import type { Long } from '@grpc/proto-loader';

export interface SettleRequest {
  'reservationId'?: (string);
  'usage'?: (_tollgate_v1_TokenUsage | null);
  'costNanoUsd'?: (number | string | Long);
  '_costNanoUsd'?: "costNanoUsd";
}

export interface SettleRequest__Output {
  'reservationId': (string);
  'usage': (_tollgate_v1_TokenUsage__Output | null);
  'costNanoUsd'?: (string);
  '_costNanoUsd'?: "costNanoUsd";
}
