// Original file: protos/tollgate/v1/usage_service.proto


export interface GetReservationRequest {
  'reservationId'?: (string);
}

export interface GetReservationRequest__Output {
  'reservationId': (string);
}
