// Original file: protos/tollgate/v1/usage_service.proto

import type { Reservation as _tollgate_v1_Reservation, Reservation__Output as _tollgate_v1_Reservation__Output } from '../../tollgate/v1/Reservation.ts';

export interface ReleaseResponse {
  'reservation'?: (_tollgate_v1_Reservation | null);
  'isRepeat'?: (boolean);
}

export interface ReleaseResponse__Output {
  'reservation': (_tollgate_v1_Reservation__Output | null);
  'isRepeat': (boolean);
}
