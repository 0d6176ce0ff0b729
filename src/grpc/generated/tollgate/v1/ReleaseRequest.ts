// Original file: protos/tollgate/v1/usage_service.proto


export interface ReleaseRequest {
  'reservationId'?: (string);
}

export interface ReleaseRequest__Output {
  'reservationId': (string);
}
