// Original file: protos/tollgate/v1/operations_service.proto

import type { HealthBlock as _tollgate_v1_HealthBlock, HealthBlock__Output as _tollgate_v1_HealthBlock__Output } from '../../tollgate/v1/HealthBlock.ts';
import type { Long } from '@grpc/proto-loader';

export interface CredentialHealth {
  'id'?: (string);
  'name'?: (string);
  'poolId'?: (string);
  'provider'?: (string);
  'isUsable'?: (boolean);
  'blocks'?: (_tollgate_v1_HealthBlock)[];
  'balanceNanoUsd'?: (number | string | Long);
  'inFlight'?: (number | string | Long);
  '_balanceNanoUsd'?: "balanceNanoUsd";
}

export interface CredentialHealth__Output {
  'id': (string);
  'name': (string);
  'poolId': (string);
  'provider': (string);
  'isUsable': (boolean);
  'blocks': (_tollgate_v1_HealthBlock__Output)[];
  'balanceNanoUsd'?: (string);
  'inFlight': (string);
  '_balanceNanoUsd'?: "balanceNanoUsd";
}
