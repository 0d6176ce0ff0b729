// Original file: protos/tollgate/v1/key_service.proto

import type { ValidateKeyRequest as _tollgate_v1_ValidateKeyRequest, ValidateKeyRequest__Output as _tollgate_v1_ValidateKeyRequest__Output } from '../../tollgate/v1/ValidateKeyRequest.ts';

export interface BatchValidateKeysRequest {
  'requests'?: (_tollgate_v1_ValidateKeyRequest)[];
}

export interface BatchValidateKeysRequest__Output {
  'requests': (_tollgate_v1_ValidateKeyRequest__Output)[];
}
