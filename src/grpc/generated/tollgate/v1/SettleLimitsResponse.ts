// Original file: protos/tollgate/v1/limit_service.proto


export interface SettleLimitsResponse {
  'wasOpen'?: (boolean);
}

export interface SettleLimitsResponse__Output {
  'wasOpen': (boolean);
}
