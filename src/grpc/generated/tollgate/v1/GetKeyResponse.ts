// Original file: protos/tollgate/v1/key_service.proto

import type { Key as _tollgate_v1_Key, Key__Output as _tollgate_v1_Key__Output } from '../../tollgate/v1/Key.ts';

export interface GetKeyResponse {
  'key'?: (_tollgate_v1_Key | null);
}

export interface GetKeyResponse__Output {
  'key': (_tollgate_v1_Key__Output | null);
}
