// Original file: protos/tollgate/v1/operations_service.proto

import type { Timestamp as _google_protobuf_Timestamp, Timestamp__Output as _google_protobuf_Timestamp__Output } from '../../google/protobuf/Timestamp.ts';
import type { Long } from '@grpc/proto-loader';

export interface Event {
  'seq'?: (number | string | Long);
  'at'?: (_google_protobuf_Timestamp | null);
  'type'?: (string);
  'subject'?: (string);
  'actor'?: (string);
  'requestId'?: (string);
  'beforeJson'?: (string);
  'afterJson'?: (string);
}

export interface Event__Output {
  'seq': (string);
  'at': (_google_protobuf_Timestamp__Output | null);
  'type': (string);
  'subject': (string);
  'actor': (string);
  'requestId': (string);
  'beforeJson': (string);
  'afterJson': (string);
}
