// Original file: protos/tollgate/v1/usage_service.proto


export interface RecordUsageError {
  'code'?: (number);
  'message'?: (string);
  'field'?: (string);
  'isRetryable'?: (boolean);
}

export interface RecordUsageError__Output {
  'code': (number);
  'message': (string);
  'field': (string);
  'isRetryable': (boolean);
}
