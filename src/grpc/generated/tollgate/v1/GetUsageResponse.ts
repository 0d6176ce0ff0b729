// Original file: protos/tollgate/v1/usage_service.proto

import type { UsageSum as _tollgate_v1_UsageSum, UsageSum__Output as _tollgate_v1_UsageSum__Output } from '../../tollgate/v1/UsageSum.ts';
import type { ModelUsage as _tollgate_v1_ModelUsage, ModelUsage__Output as _tollgate_v1_ModelUsage__Output } from '../../tollgate/v1/ModelUsage.ts';

export interface GetUsageResponse {
  'total'?: (_tollgate_v1_UsageSum | null);
  'models'?: (_tollgate_v1_ModelUsage)[];
}

export interface GetUsageResponse__Output {
  'total': (_tollgate_v1_UsageSum__Output | null);
  'models': (_tollgate_v1_ModelUsage__Output)[];
}
