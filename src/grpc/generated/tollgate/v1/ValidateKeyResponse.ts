// Original file: protos/tollgate/v1/key_service.proto

import type { KeyRefusal as _tollgate_v1_KeyRefusal, KeyRefusal__Output as _tollgate_v1_KeyRefusal__Output } from '../../tollgate/v1/KeyRefusal.ts';
import type { Key as _tollgate_v1_Key, Key__Output as _tollgate_v1_Key__Output } from '../../tollgate/v1/Key.ts';
import type { LimitWindow as _tollgate_v1_LimitWindow, LimitWindow__Output as _tollgate_v1_LimitWindow__Output } from '../../tollgate/v1/LimitWindow.ts';
import type { BudgetStanding as _tollgate_v1_BudgetStanding, BudgetStanding__Output as _tollgate_v1_BudgetStanding__Output } from '../../tollgate/v1/BudgetStanding.ts';
import type { Long } from '@grpc/proto-loader';

export interface ValidateKeyResponse {
  'valid'?: (boolean);
  'reason'?: (_tollgate_v1_KeyRefusal);
  'error'?: (string);
  'key'?: (_tollgate_v1_Key | null);
  'limits'?: (_tollgate_v1_LimitWindow)[];
  'budgets'?: (_tollgate_v1_BudgetStanding)[];
  'remainingNanoUsd'?: (number | string | Long);
  'retryAfterMillis'?: (number | string | Long);
  '_remainingNanoUsd'?: "remainingNanoUsd";
  '_retryAfterMillis'?: "retryAfterMillis";
}

export interface ValidateKeyResponse__Output {
  'valid': (boolean);
  'reason': (_tollgate_v1_KeyRefusal__Output);
  'error': (string);
  'key': (_tollgate_v1_Key__Output | null);
  'limits': (_tollgate_v1_LimitWindow__Output)[];
  'budgets': (_tollgate_v1_BudgetStanding__Output)[];
  'remainingNanoUsd'?: (string);
  'retryAfterMillis'?: (string);
  '_remainingNanoUsd'?: "remainingNanoUsd";
  '_retryAfterMillis'?: "retryAfterMillis";
}
