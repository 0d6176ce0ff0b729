// Original file: protos/tollgate/v1/key_service.proto

import type { Key as _tollgate_v1_Key, Key__Output as _tollgate_v1_Key__Output } from '../../tollgate/v1/Key.ts';
import type { WatchKeysReady as _tollgate_v1_WatchKeysReady, WatchKeysReady__Output as _tollgate_v1_WatchKeysReady__Output } from '../../tollgate/v1/WatchKeysReady.ts';
import type { Long } from '@grpc/proto-loader';

export interface WatchKeysResponse {
  'seq'?: (number | string | Long);
  'current'?: (_tollgate_v1_Key | null);
  'ready'?: (_tollgate_v1_WatchKeysReady | null);
  'changed'?: (_tollgate_v1_Key | null);
  'removedId'?: (string);
  'update'?: "current"|"ready"|"changed"|"removedId";
}

export interface WatchKeysResponse__Output {
  'seq': (string);
  'current'?: (_tollgate_v1_Key__Output | null);
  'ready'?: (_tollgate_v1_WatchKeysReady__Output | null);
  'changed'?: (_tollgate_v1_Key__Output | null);
  'removedId'?: (string);
  'update'?: "current"|"ready"|"changed"|"removedId";
}
