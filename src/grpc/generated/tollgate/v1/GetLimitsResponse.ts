// Original file: protos/tollgate/v1/limit_service.proto

import type { LimitWindow as _tollgate_v1_LimitWindow, LimitWindow__Output as _tollgate_v1_LimitWindow__Output } from '../../tollgate/v1/LimitWindow.ts';

export interface GetLimitsResponse {
  'limits'?: (_tollgate_v1_LimitWindow)[];
}

export interface GetLimitsResponse__Output {
  'limits': (_tollgate_v1_LimitWindow__Output)[];
}
