// Original file: protos/tollgate/v1/operations_service.proto


export interface WatchBalancesRequest {
  'poolIds'?: (string)[];
  'credentialIds'?: (string)[];
}

export interface WatchBalancesRequest__Output {
  'poolIds': (string)[];
  'credentialIds': (string)[];
}
