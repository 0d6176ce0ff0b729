// Original file: protos/tollgate/v1/types.proto

import type { KeyStatus as _tollgate_v1_KeyStatus, KeyStatus__Output as _tollgate_v1_KeyStatus__Output } from '../../tollgate/v1/KeyStatus.ts';
import type { Timestamp as _google_protobuf_Timestamp, Timestamp__Output as _google_protobuf_Timestamp__Output } from '../../google/protobuf/Timestamp.ts';
import type { Long } from '@grpc/proto-loader';

export interface Key {
  'id'?: (string);
  'name'?: (string);
  'hint'?: (string);
  'poolId'?: (string);
  'userId'?: (string);
  'teamId'?: (string);
  'status'?: (_tollgate_v1_KeyStatus);
  'createdAt'?: (_google_protobuf_Timestamp | null);
  'expiresAt'?: (_google_protobuf_Timestamp | null);
  'rpmLimit'?: (number | string | Long);
  'tpmLimit'?: (number | string | Long);
  'concurrencyLimit'?: (number | string | Long);
  'allowedModels'?: (string)[];
  'restrictsModels'?: (boolean);
  'allowedEndpoints'?: (string)[];
  'restrictsEndpoints'?: (boolean);
  'metadataJson'?: (string);
  '_rpmLimit'?: "rpmLimit";
  '_tpmLimit'?: "tpmLimit";
  '_concurrencyLimit'?: "concurrencyLimit";
}

export interface Key__Output {
  'id': (string);
  'name': (string);
  'hint': (string);
  'poolId': (string);
  'userId': (string);
  'teamId': (string);
  'status': (_tollgate_v1_KeyStatus__Output);
  'createdAt': (_google_protobuf_Timestamp__Output | null);
  'expiresAt': (_google_protobuf_Timestamp__Output | null);
  'rpmLimit'?: (string);
  'tpmLimit'?: (string);
  'concurrencyLimit'?: (string);
  'allowedModels': (string)[];
  'restrictsModels': (boolean);
  'allowedEndpoints': (string)[];
  'restrictsEndpoints': (boolean);
  'metadataJson': (string);
  '_rpmLimit'?: "rpmLimit";
  '_tpmLimit'?: "tpmLimit";
  '_concurrencyLimit'?: "concurrencyLimit";
}
