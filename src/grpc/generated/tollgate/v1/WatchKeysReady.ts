// Original file: protos/tollgate/v1/key_service.proto

import type { Long } from '@grpc/proto-loader';

export interface WatchKeysReady {
  'keys'?: (number | string | Long);
}

export interface WatchKeysReady__Output {
  'keys': (string);
}
