// Original file: protos/tollgate/v1/types.proto

import type { Scope as _tollgate_v1_Scope, Scope__Output as _tollgate_v1_Scope__Output } from '../../tollgate/v1/Scope.ts';
import type { Timestamp as _google_protobuf_Timestamp, Timestamp__Output as _google_protobuf_Timestamp__Output } from '../../google/protobuf/Timestamp.ts';
import type { Long } from '@grpc/proto-loader';

export interface BudgetStanding {
  'id'?: (string);
  'scope'?: (_tollgate_v1_Scope);
  'subjectId'?: (string);
  'capNanoUsd'?: (number | string | Long);
  'settledNanoUsd'?: (number | string | Long);
  'heldNanoUsd'?: (number | string | Long);
  'remainingNanoUsd'?: (number | string | Long);
  'isHard'?: (boolean);
  'resetsAt'?: (_google_protobuf_Timestamp | null);
}

export interface BudgetStanding__Output {
  'id': (string);
  'scope': (_tollgate_v1_Scope__Output);
  'subjectId': (string);
  'capNanoUsd': (string);
  'settledNanoUsd': (string);
  'heldNanoUsd': (string);
  'remainingNanoUsd': (string);
  'isHard': (boolean);
  'resetsAt': (_google_protobuf_Timestamp__Output | null);
}
