// Original file: protos/tollgate/v1/usage_service.proto

import type { BudgetStanding as _tollgate_v1_BudgetStanding, BudgetStanding__Output as _tollgate_v1_BudgetStanding__Output } from '../../tollgate/v1/BudgetStanding.ts';
import type { Long } from '@grpc/proto-loader';

export interface RecordUsageResponse {
  'requestId'?: (string);
  'costNanoUsd'?: (number | string | Long);
  'isPriced'?: (boolean);
  'priceId'?: (string);
  'isRepeat'?: (boolean);
  'budgets'?: (_tollgate_v1_BudgetStanding)[];
  'remainingNanoUsd'?: (number | string | Long);
  '_remainingNanoUsd'?: "remainingNanoUsd";
}

export interface RecordUsageResponse__Output {
  'requestId': (string);
  'costNanoUsd': (string);
  'isPriced': (boolean);
  'priceId': (string);
  'isRepeat': (boolean);
  'budgets': (_tollgate_v1_BudgetStanding__Output)[];
  'remainingNanoUsd'?: (string);
  '_remainingNanoUsd'?: "remainingNanoUsd";
}
