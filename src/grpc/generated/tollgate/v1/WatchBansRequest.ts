// Original file: protos/tollgate/v1/operations_service.proto

import type { Long } from '@grpc/proto-loader';

export interface WatchBansRequest {
  'after'?: (number | string | Long);
  '_after'?: "after";
}

export interface WatchBansRequest__Output {
  'after'?: (string);
  '_after'?: "after";
}
