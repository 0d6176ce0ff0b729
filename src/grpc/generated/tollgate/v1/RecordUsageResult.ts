// Original file: protos/tollgate/v1/usage_service.proto

import type { RecordUsageResponse as _tollgate_v1_RecordUsageResponse, RecordUsageResponse__Output as _tollgate_v1_RecordUsageResponse__Output } from '../../tollgate/v1/RecordUsageResponse.ts';
import type { RecordUsageError as _tollgate_v1_RecordUsageError, RecordUsageError__Output as _tollgate_v1_RecordUsageError__Output } from '../../tollgate/v1/RecordUsageError.ts';

export interface RecordUsageResult {
  'idempotencyId'?: (string);
  'recorded'?: (_tollgate_v1_RecordUsageResponse | null);
  'error'?: (_tollgate_v1_RecordUsageError | null);
  'outcome'?: "recorded"|"error";
}

export interface RecordUsageResult__Output {
  'idempotencyId': (string);
  'recorded'?: (_tollgate_v1_RecordUsageResponse__Output | null);
  'error'?: (_tollgate_v1_RecordUsageError__Output | null);
  'outcome'?: "recorded"|"error";
}
