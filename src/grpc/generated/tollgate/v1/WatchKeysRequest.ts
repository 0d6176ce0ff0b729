// Original file: protos/tollgate/v1/key_service.proto

import type { Long } from '@grpc/proto-loader';

export interface WatchKeysRequest {
  'after'?: (number | string | Long);
  '_after'?: "after";
}

export interface WatchKeysRequest__Output {
  'after'?: (string);
  '_after'?: "after";
}
