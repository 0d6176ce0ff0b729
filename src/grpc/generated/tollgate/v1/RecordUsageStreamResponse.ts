// Original file: protos/tollgate/v1/usage_service.proto

import type { RecordUsageResult as _tollgate_v1_RecordUsageResult, RecordUsageResult__Output as _tollgate_v1_RecordUsageResult__Output } from '../../tollgate/v1/RecordUsageResult.ts';

export interface RecordUsageStreamResponse {
  'results'?: (_tollgate_v1_RecordUsageResult)[];
}

export interface RecordUsageStreamResponse__Output {
  'results': (_tollgate_v1_RecordUsageResult__Output)[];
}
