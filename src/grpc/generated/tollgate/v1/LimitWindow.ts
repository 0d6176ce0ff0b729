// Original file: protos/tollgate/v1/types.proto

import type { Scope as _tollgate_v1_Scope, Scope__Output as _tollgate_v1_Scope__Output } from '../../tollgate/v1/Scope.ts';
import type { LimitKind as _tollgate_v1_LimitKind, LimitKind__Output as _tollgate_v1_LimitKind__Output } from '../../tollgate/v1/LimitKind.ts';
import type { Timestamp as _google_protobuf_Timestamp, Timestamp__Output as _google_protobuf_Timestamp__Output } from '../../google/protobuf/Timestamp.ts';
import type { Long } from '@grpc/proto-loader';

export interface LimitWindow {
  'scope'?: (_tollgate_v1_Scope);
  'subjectId'?: (string);
  'kind'?: (_tollgate_v1_LimitKind);
  'limit'?: (number | string | Long);
  'used'?: (number | string | Long);
  'remaining'?: (number | string | Long);
  'resetsAt'?: (_google_protobuf_Timestamp | null);
}

export interface LimitWindow__Output {
  'scope': (_tollgate_v1_Scope__Output);
  'subjectId': (string);
  'kind': (_tollgate_v1_LimitKind__Output);
  'limit': (string);
  'used': (string);
  'remaining': (string);
  'resetsAt': (_google_protobuf_Timestamp__Output | null);
}
