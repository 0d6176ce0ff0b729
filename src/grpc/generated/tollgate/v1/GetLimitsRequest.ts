// Original file: protos/tollgate/v1/limit_service.proto

import type { KeyRef as _tollgate_v1_KeyRef, KeyRef__Output as _tollgate_v1_KeyRef__Output } from '../../tollgate/v1/KeyRef.ts';

export interface GetLimitsRequest {
  'key'?: (_tollgate_v1_KeyRef | null);
}

export interface GetLimitsRequest__Output {
  'key': (_tollgate_v1_KeyRef__Output | null);
}
