// Original file: protos/tollgate/v1/operations_service.proto

import type { CredentialHealth as _tollgate_v1_CredentialHealth, CredentialHealth__Output as _tollgate_v1_CredentialHealth__Output } from '../../tollgate/v1/CredentialHealth.ts';

export interface ListCredentialHealthResponse {
  'credentials'?: (_tollgate_v1_CredentialHealth)[];
}

export interface ListCredentialHealthResponse__Output {
  'credentials': (_tollgate_v1_CredentialHealth__Output)[];
}
