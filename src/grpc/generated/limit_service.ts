import type * as grpc from '@grpc/grpc-js';
import type { EnumTypeDefinition, MessageTypeDefinition } from '@grpc/proto-loader';

import type { Duration as _google_protobuf_Duration, Duration__Output as _google_protobuf_Duration__Output } from './google/protobuf/Duration.ts';
import type { Timestamp as _google_protobuf_Timestamp, Timestamp__Output as _google_protobuf_Timestamp__Output } from './google/protobuf/Timestamp.ts';
import type { BudgetStanding as _tollgate_v1_BudgetStanding, BudgetStanding__Output as _tollgate_v1_BudgetStanding__Output } from './tollgate/v1/BudgetStanding.ts';
import type { GetLimitsRequest as _tollgate_v1_GetLimitsRequest, GetLimitsRequest__Output as _tollgate_v1_GetLimitsRequest__Output } from './tollgate/v1/GetLimitsRequest.ts';
import type { GetLimitsResponse as _tollgate_v1_GetLimitsResponse, GetLimitsResponse__Output as _tollgate_v1_GetLimitsResponse__Output } from './tollgate/v1/GetLimitsResponse.ts';
import type { Key as _tollgate_v1_Key, Key__Output as _tollgate_v1_Key__Output } from './tollgate/v1/Key.ts';
import type { KeyRef as _tollgate_v1_KeyRef, KeyRef__Output as _tollgate_v1_KeyRef__Output } from './tollgate/v1/KeyRef.ts';
import type { LimitServiceClient as _tollgate_v1_LimitServiceClient, LimitServiceDefinition as _tollgate_v1_LimitServiceDefinition } from './tollgate/v1/LimitService.ts';
import type { LimitWindow as _tollgate_v1_LimitWindow, LimitWindow__Output as _tollgate_v1_LimitWindow__Output } from './tollgate/v1/LimitWindow.ts';
import type { SettleLimitsRequest as _tollgate_v1_SettleLimitsRequest, SettleLimitsRequest__Output as _tollgate_v1_SettleLimitsRequest__Output } from './tollgate/v1/SettleLimitsRequest.ts';
import type { SettleLimitsResponse as _tollgate_v1_SettleLimitsResponse, SettleLimitsResponse__Output as _tollgate_v1_SettleLimitsResponse__Output } from './tollgate/v1/SettleLimitsResponse.ts';
import type { TakeLimitsRequest as _tollgate_v1_TakeLimitsRequest, TakeLimitsRequest__Output as _tollgate_v1_TakeLimitsRequest__Output } from './tollgate/v1/TakeLimitsRequest.ts';
import type { TakeLimitsResponse as _tollgate_v1_TakeLimitsResponse, TakeLimitsResponse__Output as _tollgate_v1_TakeLimitsResponse__Output } from './tollgate/v1/TakeLimitsResponse.ts';
import type { TokenUsage as _tollgate_v1_TokenUsage, TokenUsage__Output as _tollgate_v1_TokenUsage__Output } from './tollgate/v1/TokenUsage.ts';

type SubtypeConstructor<Constructor extends new (...args: any) => any, Subtype> = {
  new(...args: ConstructorParameters<Constructor>): Subtype;
};

export interface ProtoGrpcType {
  google: {
    protobuf: {
      Duration: MessageTypeDefinition<_google_protobuf_Duration, _google_protobuf_Duration__Output>
      Timestamp: MessageTypeDefinition<_google_protobuf_Timestamp, _google_protobuf_Timestamp__Output>
    }
  }
  tollgate: {
    v1: {
      BudgetStanding: MessageTypeDefinition<_tollgate_v1_BudgetStanding, _tollgate_v1_BudgetStanding__Output>
      GetLimitsRequest: MessageTypeDefinition<_tollgate_v1_GetLimitsRequest, _tollgate_v1_GetLimitsRequest__Output>
      GetLimitsResponse: MessageTypeDefinition<_tollgate_v1_GetLimitsResponse, _tollgate_v1_GetLimitsResponse__Output>
      Key: MessageTypeDefinition<_tollgate_v1_Key, _tollgate_v1_Key__Output>
      KeyRef: MessageTypeDefinition<_tollgate_v1_KeyRef, _tollgate_v1_KeyRef__Output>
      KeyStatus: EnumTypeDefinition
      LimitKind: EnumTypeDefinition
      LimitService: SubtypeConstructor<typeof grpc.Client, _tollgate_v1_LimitServiceClient> & { service: _tollgate_v1_LimitServiceDefinition }
      LimitWindow: MessageTypeDefinition<_tollgate_v1_LimitWindow, _tollgate_v1_LimitWindow__Output>
      Scope: EnumTypeDefinition
      SettleLimitsRequest: MessageTypeDefinition<_tollgate_v1_SettleLimitsRequest, _tollgate_v1_SettleLimitsRequest__Output>
      SettleLimitsResponse: MessageTypeDefinition<_tollgate_v1_SettleLimitsResponse, _tollgate_v1_SettleLimitsResponse__Output>
      TakeLimitsRequest: MessageTypeDefinition<_tollgate_v1_TakeLimitsRequest, _tollgate_v1_TakeLimitsRequest__Output>
      TakeLimitsResponse: MessageTypeDefinition<_tollgate_v1_TakeLimitsResponse, _tollgate_v1_TakeLimitsResponse__Output>
      TokenUsage: MessageTypeDefinition<_tollgate_v1_TokenUsage, _tollgate_v1_TokenUsage__Output>
    }
  }
}

