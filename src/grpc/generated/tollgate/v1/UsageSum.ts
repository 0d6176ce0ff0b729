// Original file: protos/tollgate/v1/usage_service.proto

import type { TokenUsage as _tollgate_v1_TokenUsage, TokenUsage__Output as _tollgate_v1_TokenUsage__Output } from '../../tollgate/v1/TokenUsage.ts';
import type { Long } from '@grpc/proto-loader';

export interface UsageSum {
  'calls'?: (number | string | Long);
  'costNanoUsd'?: (number | string | Long);
  'usage'?: (_tollgate_v1_TokenUsage | null);
}

export interface UsageSum__Output {
  'calls': (string);
  'costNanoUsd': (string);
  'usage': (_tollgate_v1_TokenUsage__Output | null);
}
