// Original file: protos/tollgate/v1/operations_service.proto

import type { Timestamp as _google_protobuf_Timestamp, Timestamp__Output as _google_protobuf_Timestamp__Output } from '../../google/protobuf/Timestamp.ts';

export interface HealthBlock {
  'state'?: (string);
  'model'?: (string);
  'until'?: (_google_protobuf_Timestamp | null);
}

export interface HealthBlock__Output {
  'state': (string);
  'model': (string);
  'until': (_google_protobuf_Timestamp__Output | null);
}
