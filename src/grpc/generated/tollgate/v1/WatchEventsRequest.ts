// Original file: protos/tollgate/v1/operations_service.proto

import type { Long } from '@grpc/proto-loader';

export interface WatchEventsRequest {
  'after'?: (number | string | Long);
  'types'?: (string)[];
  'subject'?: (string);
  '_after'?: "after";
}

export interface WatchEventsRequest__Output {
  'after'?: (string);
  'types': (string)[];
  'subject': (string);
  '_after'?: "after";
}
