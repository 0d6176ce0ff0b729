import type * as grpc from '@grpc/grpc-js';
import type { EnumTypeDefinition, MessageTypeDefinition } from '@grpc/proto-loader';

import type { Timestamp as _google_protobuf_Timestamp, Timestamp__Output as _google_protobuf_Timestamp__Output } from './google/protobuf/Timestamp.ts';
import type { BatchValidateKeysRequest as _tollgate_v1_BatchValidateKeysRequest, BatchValidateKeysRequest__Output as _tollgate_v1_BatchValidateKeysRequest__Output } from './tollgate/v1/BatchValidateKeysRequest.ts';
import type { BatchValidateKeysResponse as _tollgate_v1_BatchValidateKeysResponse, BatchValidateKeysResponse__Output as _tollgate_v1_BatchValidateKeysResponse__Output } from './tollgate/v1/BatchValidateKeysResponse.ts';
import type { BudgetStanding as _tollgate_v1_BudgetStanding, BudgetStanding__Output as _tollgate_v1_BudgetStanding__Output } from './tollgate/v1/BudgetStanding.ts';
import type { GetKeyRequest as _tollgate_v1_GetKeyRequest, GetKeyRequest__Output as _tollgate_v1_GetKeyRequest__Output } from './tollgate/v1/GetKeyRequest.ts';
import type { GetKeyResponse as _tollgate_v1_GetKeyResponse, GetKeyResponse__Output as _tollgate_v1_GetKeyResponse__Output } from './tollgate/v1/GetKeyResponse.ts';
import type { Key as _tollgate_v1_Key, Key__Output as _tollgate_v1_Key__Output } from './tollgate/v1/Key.ts';
import type { KeyRef as _tollgate_v1_KeyRef, KeyRef__Output as _tollgate_v1_KeyRef__Output } from './tollgate/v1/KeyRef.ts';
import type { KeyServiceClient as _tollgate_v1_KeyServiceClient, KeyServiceDefinition as _tollgate_v1_KeyServiceDefinition } from './tollgate/v1/KeyService.ts';
import type { LimitWindow as _tollgate_v1_LimitWindow, LimitWindow__Output as _tollgate_v1_LimitWindow__Output } from './tollgate/v1/LimitWindow.ts';
import type { TokenUsage as _tollgate_v1_TokenUsage, TokenUsage__Output as _tollgate_v1_TokenUsage__Output } from './tollgate/v1/TokenUsage.ts';
import type { ValidateKeyRequest as _tollgate_v1_ValidateKeyRequest, ValidateKeyRequest__Output as _tollgate_v1_ValidateKeyRequest__Output } from './tollgate/v1/ValidateKeyRequest.ts';
import type { ValidateKeyResponse as _tollgate_v1_ValidateKeyResponse, ValidateKeyResponse__Output as _tollgate_v1_ValidateKeyResponse__Output } from './tollgate/v1/ValidateKeyResponse.ts';
import type { WatchKeysReady as _tollgate_v1_WatchKeysReady, WatchKeysReady__Output as _tollgate_v1_WatchKeysReady__Output } from './tollgate/v1/WatchKeysReady.ts';
import type { WatchKeysRequest as _tollgate_v1_WatchKeysRequest, WatchKeysRequest__Output as _tollgate_v1_WatchKeysRequest__Output } from './tollgate/v1/WatchKeysRequest.ts';
import type { WatchKeysResponse as _tollgate_v1_WatchKeysResponse, WatchKeysResponse__Output as _tollgate_v1_WatchKeysResponse__Output } from './tollgate/v1/WatchKeysResponse.ts';

type SubtypeConstructor<Constructor extends new (...args: any) => any, Subtype> = {
  new(...args: ConstructorParameters<Constructor>): Subtype;
};

export interface ProtoGrpcType {
  google: {
    protobuf: {
      Timestamp: MessageTypeDefinition<_google_protobuf_Timestamp, _google_protobuf_Timestamp__Output>
    }
  }
  tollgate: {
    v1: {
      BatchValidateKeysRequest: MessageTypeDefinition<_tollgate_v1_BatchValidateKeysRequest, _tollgate_v1_BatchValidateKeysRequest__Output>
      BatchValidateKeysResponse: MessageTypeDefinition<_tollgate_v1_BatchValidateKeysResponse, _tollgate_v1_BatchValidateKeysResponse__Output>
      BudgetStanding: MessageTypeDefinition<_tollgate_v1_BudgetStanding, _tollgate_v1_BudgetStanding__Output>
      GetKeyRequest: MessageTypeDefinition<_tollgate_v1_GetKeyRequest, _tollgate_v1_GetKeyRequest__Output>
      GetKeyResponse: MessageTypeDefinition<_tollgate_v1_GetKeyResponse, _tollgate_v1_GetKeyResponse__Output>
      Key: MessageTypeDefinition<_tollgate_v1_Key, _tollgate_v1_Key__Output>
      KeyRef: MessageTypeDefinition<_tollgate_v1_KeyRef, _tollgate_v1_KeyRef__Output>
      KeyRefusal: EnumTypeDefinition
      KeyService: SubtypeConstructor<typeof grpc.Client, _tollgate_v1_KeyServiceClient> & { service: _tollgate_v1_KeyServiceDefinition }
      KeyStatus: EnumTypeDefinition
      LimitKind: EnumTypeDefinition
      LimitWindow: MessageTypeDefinition<_tollgate_v1_LimitWindow, _tollgate_v1_LimitWindow__Output>
      Scope: EnumTypeDefinition
      TokenUsage: MessageTypeDefinition<_tollgate_v1_TokenUsage, _tollgate_v1_TokenUsage__Output>
      ValidateKeyRequest: MessageTypeDefinition<_tollgate_v1_ValidateKeyRequest, _tollgate_v1_ValidateKeyRequest__Output>
      ValidateKeyResponse: MessageTypeDefinition<_tollgate_v1_ValidateKeyResponse, _tollgate_v1_ValidateKeyResponse__Output>
      WatchKeysReady: MessageTypeDefinition<_tollgate_v1_WatchKeysReady, _tollgate_v1_WatchKeysReady__Output>
      WatchKeysRequest: MessageTypeDefinition<_tollgate_v1_WatchKeysRequest, _tollgate_v1_WatchKeysRequest__Output>
      WatchKeysResponse: MessageTypeDefinition<_tollgate_v1_WatchKeysResponse, _tollgate_v1_WatchKeysResponse__Output>
    }
  }
}

