// Original file: protos/tollgate/v1/usage_service.proto

import type { RecordUsageRequest as _tollgate_v1_RecordUsageRequest, RecordUsageRequest__Output as _tollgate_v1_RecordUsageRequest__Output } from '../../tollgate/v1/RecordUsageRequest.ts';

export interface RecordUsageStreamRequest {
  'record'?: (_tollgate_v1_RecordUsageRequest | null);
}

export interface RecordUsageStreamRequest__Output {
  'record': (_tollgate_v1_RecordUsageRequest__Output | null);
}
