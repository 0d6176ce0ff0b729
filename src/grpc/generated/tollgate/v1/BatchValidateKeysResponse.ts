// Original file: protos/tollgate/v1/key_service.proto

import type { ValidateKeyResponse as _tollgate_v1_ValidateKeyResponse, ValidateKeyResponse__Output as _tollgate_v1_ValidateKeyResponse__Output } from '../../tollgate/v1/ValidateKeyResponse.ts';

export interface BatchValidateKeysResponse {
  'responses'?: (_tollgate_v1_ValidateKeyResponse)[];
}

export interface BatchValidateKeysResponse__Output {
  'responses': (_tollgate_v1_ValidateKeyResponse__Output)[];
}
