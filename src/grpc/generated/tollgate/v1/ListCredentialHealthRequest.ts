// Original file: protos/tollgate/v1/operations_service.proto


export interface ListCredentialHealthRequest {
  'poolId'?: (string);
}

export interface ListCredentialHealthRequest__Output {
  'poolId': (string);
}
