// Original file: protos/tollgate/v1/operations_service.proto

import type { Event as _tollgate_v1_Event, Event__Output as _tollgate_v1_Event__Output } from '../../tollgate/v1/Event.ts';

export interface WatchBansResponse {
  'event'?: (_tollgate_v1_Event | null);
}

export interface WatchBansResponse__Output {
  'event': (_tollgate_v1_Event__Output | null);
}
