// Original file: protos/tollgate/v1/types.proto


export interface KeyRef {
  'secret'?: (string);
  'id'?: (string);
  'by'?: "secret"|"id";
}

export interface KeyRef__Output {
  'secret'?: (string);
  'id'?: (string);
  'by'?: "secret"|"id";
}
