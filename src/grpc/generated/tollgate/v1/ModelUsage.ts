// Original file: protos/tollgate/v1/usage_service.proto

import type { UsageSum as _tollgate_v1_UsageSum, UsageSum__Output as _tollgate_v1_UsageSum__Output } from '../../tollgate/v1/UsageSum.ts';

export interface ModelUsage {
  'model'?: (string);
  'sum'?: (_tollgate_v1_UsageSum | null);
}

export interface ModelUsage__Output {
  'model': (string);
  'sum': (_tollgate_v1_UsageSum__Output | null);
}
