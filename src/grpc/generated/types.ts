import type * as grpc from '@grpc/grpc-js';
import type { EnumTypeDefinition, MessageTypeDefinition } from '@grpc/proto-loader';

import type { Timestamp as _google_protobuf_Timestamp, Timestamp__Output as _google_protobuf_Timestamp__Output } from './google/protobuf/Timestamp.ts';
import type { BudgetStanding as _tollgate_v1_BudgetStanding, BudgetStanding__Output as _tollgate_v1_BudgetStanding__Output } from './tollgate/v1/BudgetStanding.ts';
import type { Key as _tollgate_v1_Key, Key__Output as _tollgate_v1_Key__Output } from './tollgate/v1/Key.ts';
import type { KeyRef as _tollgate_v1_KeyRef, KeyRef__Output as _tollgate_v1_KeyRef__Output } from './tollgate/v1/KeyRef.ts';
import type { LimitWindow as _tollgate_v1_LimitWindow, LimitWindow__Output as _tollgate_v1_LimitWindow__Output } from './tollgate/v1/LimitWindow.ts';
import type { TokenUsage as _tollgate_v1_TokenUsage, TokenUsage__Output as _tollgate_v1_TokenUsage__Output } from './tollgate/v1/TokenUsage.ts';

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
      BudgetStanding: MessageTypeDefinition<_tollgate_v1_BudgetStanding, _tollgate_v1_BudgetStanding__Output>
      Key: MessageTypeDefinition<_tollgate_v1_Key, _tollgate_v1_Key__Output>
      KeyRef: MessageTypeDefinition<_tollgate_v1_KeyRef, _tollgate_v1_KeyRef__Output>
      KeyStatus: EnumTypeDefinition
      LimitKind: EnumTypeDefinition
      LimitWindow: MessageTypeDefinition<_tollgate_v1_LimitWindow, _tollgate_v1_LimitWindow__Output>
      Scope: EnumTypeDefinition
      TokenUsage: MessageTypeDefinition<_tollgate_v1_TokenUsage, _tollgate_v1_TokenUsage__Output>
    }
  }
}

