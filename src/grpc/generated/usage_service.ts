import type * as grpc from '@grpc/grpc-js';
import type { EnumTypeDefinition, MessageTypeDefinition } from '@grpc/proto-loader';

import type { Duration as _google_protobuf_Duration, Duration__Output as _google_protobuf_Duration__Output } from './google/protobuf/Duration.ts';
import type { Timestamp as _google_protobuf_Timestamp, Timestamp__Output as _google_protobuf_Timestamp__Output } from './google/protobuf/Timestamp.ts';
import type { BudgetStanding as _tollgate_v1_BudgetStanding, BudgetStanding__Output as _tollgate_v1_BudgetStanding__Output } from './tollgate/v1/BudgetStanding.ts';
import type { ExtendRequest as _tollgate_v1_ExtendRequest, ExtendRequest__Output as _tollgate_v1_ExtendRequest__Output } from './tollgate/v1/ExtendRequest.ts';
import type { ExtendResponse as _tollgate_v1_ExtendResponse, ExtendResponse__Output as _tollgate_v1_ExtendResponse__Output } from './tollgate/v1/ExtendResponse.ts';
import type { GetReservationRequest as _tollgate_v1_GetReservationRequest, GetReservationRequest__Output as _tollgate_v1_GetReservationRequest__Output } from './tollgate/v1/GetReservationRequest.ts';
import type { GetReservationResponse as _tollgate_v1_GetReservationResponse, GetReservationResponse__Output as _tollgate_v1_GetReservationResponse__Output } from './tollgate/v1/GetReservationResponse.ts';
import type { GetUsageRequest as _tollgate_v1_GetUsageRequest, GetUsageRequest__Output as _tollgate_v1_GetUsageRequest__Output } from './tollgate/v1/GetUsageRequest.ts';
import type { GetUsageResponse as _tollgate_v1_GetUsageResponse, GetUsageResponse__Output as _tollgate_v1_GetUsageResponse__Output } from './tollgate/v1/GetUsageResponse.ts';
import type { Key as _tollgate_v1_Key, Key__Output as _tollgate_v1_Key__Output } from './tollgate/v1/Key.ts';
import type { KeyRef as _tollgate_v1_KeyRef, KeyRef__Output as _tollgate_v1_KeyRef__Output } from './tollgate/v1/KeyRef.ts';
import type { LimitWindow as _tollgate_v1_LimitWindow, LimitWindow__Output as _tollgate_v1_LimitWindow__Output } from './tollgate/v1/LimitWindow.ts';
import type { ModelUsage as _tollgate_v1_ModelUsage, ModelUsage__Output as _tollgate_v1_ModelUsage__Output } from './tollgate/v1/ModelUsage.ts';
import type { RecordUsageError as _tollgate_v1_RecordUsageError, RecordUsageError__Output as _tollgate_v1_RecordUsageError__Output } from './tollgate/v1/RecordUsageError.ts';
import type { RecordUsageRequest as _tollgate_v1_RecordUsageRequest, RecordUsageRequest__Output as _tollgate_v1_RecordUsageRequest__Output } from './tollgate/v1/RecordUsageRequest.ts';
import type { RecordUsageResponse as _tollgate_v1_RecordUsageResponse, RecordUsageResponse__Output as _tollgate_v1_RecordUsageResponse__Output } from './tollgate/v1/RecordUsageResponse.ts';
import type { RecordUsageResult as _tollgate_v1_RecordUsageResult, RecordUsageResult__Output as _tollgate_v1_RecordUsageResult__Output } from './tollgate/v1/RecordUsageResult.ts';
import type { RecordUsageStreamRequest as _tollgate_v1_RecordUsageStreamRequest, RecordUsageStreamRequest__Output as _tollgate_v1_RecordUsageStreamRequest__Output } from './tollgate/v1/RecordUsageStreamRequest.ts';
import type { RecordUsageStreamResponse as _tollgate_v1_RecordUsageStreamResponse, RecordUsageStreamResponse__Output as _tollgate_v1_RecordUsageStreamResponse__Output } from './tollgate/v1/RecordUsageStreamResponse.ts';
import type { ReleaseRequest as _tollgate_v1_ReleaseRequest, ReleaseRequest__Output as _tollgate_v1_ReleaseRequest__Output } from './tollgate/v1/ReleaseRequest.ts';
import type { ReleaseResponse as _tollgate_v1_ReleaseResponse, ReleaseResponse__Output as _tollgate_v1_ReleaseResponse__Output } from './tollgate/v1/ReleaseResponse.ts';
import type { Reservation as _tollgate_v1_Reservation, Reservation__Output as _tollgate_v1_Reservation__Output } from './tollgate/v1/Reservation.ts';
import type { ReserveRequest as _tollgate_v1_ReserveRequest, ReserveRequest__Output as _tollgate_v1_ReserveRequest__Output } from './tollgate/v1/ReserveRequest.ts';
import type { ReserveResponse as _tollgate_v1_ReserveResponse, ReserveResponse__Output as _tollgate_v1_ReserveResponse__Output } from './tollgate/v1/ReserveResponse.ts';
import type { SettleRequest as _tollgate_v1_SettleRequest, SettleRequest__Output as _tollgate_v1_SettleRequest__Output } from './tollgate/v1/SettleRequest.ts';
import type { SettleResponse as _tollgate_v1_SettleResponse, SettleResponse__Output as _tollgate_v1_SettleResponse__Output } from './tollgate/v1/SettleResponse.ts';
import type { TokenUsage as _tollgate_v1_TokenUsage, TokenUsage__Output as _tollgate_v1_TokenUsage__Output } from './tollgate/v1/TokenUsage.ts';
import type { UsageServiceClient as _tollgate_v1_UsageServiceClient, UsageServiceDefinition as _tollgate_v1_UsageServiceDefinition } from './tollgate/v1/UsageService.ts';
import type { UsageSum as _tollgate_v1_UsageSum, UsageSum__Output as _tollgate_v1_UsageSum__Output } from './tollgate/v1/UsageSum.ts';

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
      ExpiryAction: EnumTypeDefinition
      ExtendRequest: MessageTypeDefinition<_tollgate_v1_ExtendRequest, _tollgate_v1_ExtendRequest__Output>
      ExtendResponse: MessageTypeDefinition<_tollgate_v1_ExtendResponse, _tollgate_v1_ExtendResponse__Output>
      GetReservationRequest: MessageTypeDefinition<_tollgate_v1_GetReservationRequest, _tollgate_v1_GetReservationRequest__Output>
      GetReservationResponse: MessageTypeDefinition<_tollgate_v1_GetReservationResponse, _tollgate_v1_GetReservationResponse__Output>
      GetUsageRequest: MessageTypeDefinition<_tollgate_v1_GetUsageRequest, _tollgate_v1_GetUsageRequest__Output>
      GetUsageResponse: MessageTypeDefinition<_tollgate_v1_GetUsageResponse, _tollgate_v1_GetUsageResponse__Output>
      Key: MessageTypeDefinition<_tollgate_v1_Key, _tollgate_v1_Key__Output>
      KeyRef: MessageTypeDefinition<_tollgate_v1_KeyRef, _tollgate_v1_KeyRef__Output>
      KeyStatus: EnumTypeDefinition
      LimitKind: EnumTypeDefinition
      LimitWindow: MessageTypeDefinition<_tollgate_v1_LimitWindow, _tollgate_v1_LimitWindow__Output>
      ModelUsage: MessageTypeDefinition<_tollgate_v1_ModelUsage, _tollgate_v1_ModelUsage__Output>
      RecordUsageError: MessageTypeDefinition<_tollgate_v1_RecordUsageError, _tollgate_v1_RecordUsageError__Output>
      RecordUsageRequest: MessageTypeDefinition<_tollgate_v1_RecordUsageRequest, _tollgate_v1_RecordUsageRequest__Output>
      RecordUsageResponse: MessageTypeDefinition<_tollgate_v1_RecordUsageResponse, _tollgate_v1_RecordUsageResponse__Output>
      RecordUsageResult: MessageTypeDefinition<_tollgate_v1_RecordUsageResult, _tollgate_v1_RecordUsageResult__Output>
      RecordUsageStreamRequest: MessageTypeDefinition<_tollgate_v1_RecordUsageStreamRequest, _tollgate_v1_RecordUsageStreamRequest__Output>
      RecordUsageStreamResponse: MessageTypeDefinition<_tollgate_v1_RecordUsageStreamResponse, _tollgate_v1_RecordUsageStreamResponse__Output>
      ReleaseRequest: MessageTypeDefinition<_tollgate_v1_ReleaseRequest, _tollgate_v1_ReleaseRequest__Output>
      ReleaseResponse: MessageTypeDefinition<_tollgate_v1_ReleaseResponse, _tollgate_v1_ReleaseResponse__Output>
      Reservation: MessageTypeDefinition<_tollgate_v1_Reservation, _tollgate_v1_Reservation__Output>
      ReservationState: EnumTypeDefinition
      ReserveRequest: MessageTypeDefinition<_tollgate_v1_ReserveRequest, _tollgate_v1_ReserveRequest__Output>
      ReserveResponse: MessageTypeDefinition<_tollgate_v1_ReserveResponse, _tollgate_v1_ReserveResponse__Output>
      Scope: EnumTypeDefinition
      SettleRequest: MessageTypeDefinition<_tollgate_v1_SettleRequest, _tollgate_v1_SettleRequest__Output>
      SettleResponse: MessageTypeDefinition<_tollgate_v1_SettleResponse, _tollgate_v1_SettleResponse__Output>
      TokenUsage: MessageTypeDefinition<_tollgate_v1_TokenUsage, _tollgate_v1_TokenUsage__Output>
      UsageService: SubtypeConstructor<typeof grpc.Client, _tollgate_v1_UsageServiceClient> & { service: _tollgate_v1_UsageServiceDefinition }
      UsageSum: MessageTypeDefinition<_tollgate_v1_UsageSum, _tollgate_v1_UsageSum__Output>
    }
  }
}

