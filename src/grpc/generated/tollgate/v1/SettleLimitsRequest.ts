// Original file: protos/tollgate/v1/limit_service.proto

import type { Long } from '@grpc/proto-loader';

export interface SettleLimitsRequest {
  'leaseId'?: (string);
  'tokens'?: (number | string | Long);
  '_tokens'?: "tokens";
}

export interface SettleLimitsRequest__Output {
  'leaseId': (string);
  'tokens'?: (string);
  '_tokens'?: "tokens";
}
