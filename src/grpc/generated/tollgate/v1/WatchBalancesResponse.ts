// Original file: protos/tollgate/v1/operations_service.proto

import type { Timestamp as _google_protobuf_Timestamp, Timestamp__Output as _google_protobuf_Timestamp__Output } from '../../google/protobuf/Timestamp.ts';
import type { Long } from '@grpc/proto-loader';

export interface WatchBalancesResponse {
  'credentialId'?: (string);
  'name'?: (string);
  'poolId'?: (string);
  'balanceNanoUsd'?: (number | string | Long);
  'checkedAt'?: (_google_protobuf_Timestamp | null);
  '_balanceNanoUsd'?: "balanceNanoUsd";
}

export interface WatchBalancesResponse__Output {
  'credentialId': (string);
  'name': (string);
  'poolId': (string);
  'balanceNanoUsd'?: (string);
  'checkedAt': (_google_protobuf_Timestamp__Output | null);
  '_balanceNanoUsd'?: "balanceNanoUsd";
}
