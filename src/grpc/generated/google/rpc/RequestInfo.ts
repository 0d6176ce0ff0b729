// Original file: protos/google/rpc/error_details.proto


export interface RequestInfo {
  'requestId'?: (string);
}

export interface RequestInfo__Output {
  'requestId': (string);
}
