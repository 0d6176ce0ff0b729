// Original file: protos/tollgate/v1/usage_service.proto

import type * as grpc from '@grpc/grpc-js'
import type { MethodDefinition } from '@grpc/proto-loader'
import type { ExtendRequest as _tollgate_v1_ExtendRequest, ExtendRequest__Output as _tollgate_v1_ExtendRequest__Output } from '../../tollgate/v1/ExtendRequest.ts';
import type { ExtendResponse as _tollgate_v1_ExtendResponse, ExtendResponse__Output as _tollgate_v1_ExtendResponse__Output } from '../../tollgate/v1/ExtendResponse.ts';
import type { GetReservationRequest as _tollgate_v1_GetReservationRequest, GetReservationRequest__Output as _tollgate_v1_GetReservationRequest__Output } from '../../tollgate/v1/GetReservationRequest.ts';
import type { GetReservationResponse as _tollgate_v1_GetReservationResponse, GetReservationResponse__Output as _tollgate_v1_GetReservationResponse__Output } from '../../tollgate/v1/GetReservationResponse.ts';
import type { GetUsageRequest as _tollgate_v1_GetUsageRequest, GetUsageRequest__Output as _tollgate_v1_GetUsageRequest__Output } from '../../tollgate/v1/GetUsageRequest.ts';
import type { GetUsageResponse as _tollgate_v1_GetUsageResponse, GetUsageResponse__Output as _tollgate_v1_GetUsageResponse__Output } from '../../tollgate/v1/GetUsageResponse.ts';
import type { RecordUsageRequest as _tollgate_v1_RecordUsageRequest, RecordUsageRequest__Output as _tollgate_v1_RecordUsageRequest__Output } from '../../tollgate/v1/RecordUsageRequest.ts';
import type { RecordUsageResponse as _tollgate_v1_RecordUsageResponse, RecordUsageResponse__Output as _tollgate_v1_RecordUsageResponse__Output } from '../../tollgate/v1/RecordUsageResponse.ts';
import type { RecordUsageStreamRequest as _tollgate_v1_RecordUsageStreamRequest, RecordUsageStreamRequest__Output as _tollgate_v1_RecordUsageStreamRequest__Output } from '../../tollgate/v1/RecordUsageStreamRequest.ts';
import type { RecordUsageStreamResponse as _tollgate_v1_RecordUsageStreamResponse, RecordUsageStreamResponse__Output as _tollgate_v1_RecordUsageStreamResponse__Output } from '../../tollgate/v1/RecordUsageStreamResponse.ts';
import type { ReleaseRequest as _tollgate_v1_ReleaseRequest, ReleaseRequest__Output as _tollgate_v1_ReleaseRequest__Output } from '../../tollgate/v1/ReleaseRequest.ts';
import type { ReleaseResponse as _tollgate_v1_ReleaseResponse, ReleaseResponse__Output as _tollgate_v1_ReleaseResponse__Output } from '../../tollgate/v1/ReleaseResponse.ts';
import type { ReserveRequest as _tollgate_v1_ReserveRequest, ReserveRequest__Output as _tollgate_v1_ReserveRequest__Output } from '../../tollgate/v1/ReserveRequest.ts';
import type { ReserveResponse as _tollgate_v1_ReserveResponse, ReserveResponse__Output as _tollgate_v1_ReserveResponse__Output } from '../../tollgate/v1/ReserveResponse.ts';
import type { SettleRequest as _tollgate_v1_SettleRequest, SettleRequest__Output as _tollgate_v1_SettleRequest__Output } from '../../tollgate/v1/SettleRequest.ts';
import type { SettleResponse as _tollgate_v1_SettleResponse, SettleResponse__Output as _tollgate_v1_SettleResponse__Output } from '../../tollgate/v1/SettleResponse.ts';

export interface UsageServiceClient extends grpc.Client {
  Extend(argument: _tollgate_v1_ExtendRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_tollgate_v1_ExtendResponse__Output>): grpc.ClientUnaryCall;
  Extend(argument: _tollgate_v1_ExtendRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_tollgate_v1_ExtendResponse__Output>): grpc.ClientUnaryCall;
  Extend(argument: _tollgate_v1_ExtendRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_tollgate_v1_ExtendResponse__Output>): grpc.ClientUnaryCall;
  Extend(argument: _tollgate_v1_ExtendRequest, callback: grpc.requestCallback<_tollgate_v1_ExtendResponse__Output>): grpc.ClientUnaryCall;
  extend(argument: _tollgate_v1_ExtendRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_tollgate_v1_ExtendResponse__Output>): grpc.ClientUnaryCall;
  extend(argument: _tollgate_v1_ExtendRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_tollgate_v1_ExtendResponse__Output>): grpc.ClientUnaryCall;
  extend(argument: _tollgate_v1_ExtendRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_tollgate_v1_ExtendResponse__Output>): grpc.ClientUnaryCall;
  extend(argument: _tollgate_v1_ExtendRequest, callback: grpc.requestCallback<_tollgate_v1_ExtendResponse__Output>): grpc.ClientUnaryCall;
  
  GetReservation(argument: _tollgate_v1_GetReservationRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_tollgate_v1_GetReservationResponse__Output>): grpc.ClientUnaryCall;
  GetReservation(argument: _tollgate_v1_GetReservationRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_tollgate_v1_GetReservationResponse__Output>): grpc.ClientUnaryCall;
  GetReservation(argument: _tollgate_v1_GetReservationRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_tollgate_v1_GetReservationResponse__Output>): grpc.ClientUnaryCall;
  GetReservation(argument: _tollgate_v1_GetReservationRequest, callback: grpc.requestCallback<_tollgate_v1_GetReservationResponse__Output>): grpc.ClientUnaryCall;
  getReservation(argument: _tollgate_v1_GetReservationRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_tollgate_v1_GetReservationResponse__Output>): grpc.ClientUnaryCall;
  getReservation(argument: _tollgate_v1_GetReservationRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_tollgate_v1_GetReservationResponse__Output>): grpc.ClientUnaryCall;
  getReservation(argument: _tollgate_v1_GetReservationRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_tollgate_v1_GetReservationResponse__Output>): grpc.ClientUnaryCall;
  getReservation(argument: _tollgate_v1_GetReservationRequest, callback: grpc.requestCallback<_tollgate_v1_GetReservationResponse__Output>): grpc.ClientUnaryCall;
  
  GetUsage(argument: _tollgate_v1_GetUsageRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_tollgate_v1_GetUsageResponse__Output>): grpc.ClientUnaryCall;
  GetUsage(argument: _tollgate_v1_GetUsageRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_tollgate_v1_GetUsageResponse__Output>): grpc.ClientUnaryCall;
  GetUsage(argument: _tollgate_v1_GetUsageRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_tollgate_v1_GetUsageResponse__Output>): grpc.ClientUnaryCall;
  GetUsage(argument: _tollgate_v1_GetUsageRequest, callback: grpc.requestCallback<_tollgate_v1_GetUsageResponse__Output>): grpc.ClientUnaryCall;
  getUsage(argument: _tollgate_v1_GetUsageRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_tollgate_v1_GetUsageResponse__Output>): grpc.ClientUnaryCall;
  getUsage(argument: _tollgate_v1_GetUsageRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_tollgate_v1_GetUsageResponse__Output>): grpc.ClientUnaryCall;
  getUsage(argument: _tollgate_v1_GetUsageRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_tollgate_v1_GetUsageResponse__Output>): grpc.ClientUnaryCall;
  getUsage(argument: _tollgate_v1_GetUsageRequest, callback: grpc.requestCallback<_tollgate_v1_GetUsageResponse__Output>): grpc.ClientUnaryCall;
  
  RecordUsage(argument: _tollgate_v1_RecordUsageRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_tollgate_v1_RecordUsageResponse__Output>): grpc.ClientUnaryCall;
  RecordUsage(argument: _tollgate_v1_RecordUsageRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_tollgate_v1_RecordUsageResponse__Output>): grpc.ClientUnaryCall;
  RecordUsage(argument: _tollgate_v1_RecordUsageRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_tollgate_v1_RecordUsageResponse__Output>): grpc.ClientUnaryCall;
  RecordUsage(argument: _tollgate_v1_RecordUsageRequest, callback: grpc.requestCallback<_tollgate_v1_RecordUsageResponse__Output>): grpc.ClientUnaryCall;
  recordUsage(argument: _tollgate_v1_RecordUsageRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_tollgate_v1_RecordUsageResponse__Output>): grpc.ClientUnaryCall;
  recordUsage(argument: _tollgate_v1_RecordUsageRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_tollgate_v1_RecordUsageResponse__Output>): grpc.ClientUnaryCall;
  recordUsage(argument: _tollgate_v1_RecordUsageRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_tollgate_v1_RecordUsageResponse__Output>): grpc.ClientUnaryCall;
  recordUsage(argument: _tollgate_v1_RecordUsageRequest, callback: grpc.requestCallback<_tollgate_v1_RecordUsageResponse__Output>): grpc.ClientUnaryCall;
  
  RecordUsageStream(metadata: grpc.Metadata, options?: grpc.CallOptions): grpc.ClientDuplexStream<_tollgate_v1_RecordUsageStreamRequest, _tollgate_v1_RecordUsageStreamResponse__Output>;
  RecordUsageStream(options?: grpc.CallOptions): grpc.ClientDuplexStream<_tollgate_v1_RecordUsageStreamRequest, _tollgate_v1_RecordUsageStreamResponse__Output>;
  recordUsageStream(metadata: grpc.Metadata, options?: grpc.CallOptions): grpc.ClientDuplexStream<_tollgate_v1_RecordUsageStreamRequest, _tollgate_v1_RecordUsageStreamResponse__Output>;
  recordUsageStream(options?: grpc.CallOptions): grpc.ClientDuplexStream<_tollgate_v1_RecordUsageStreamRequest, _tollgate_v1_RecordUsageStreamResponse__Output>;
  
  Release(argument: _tollgate_v1_ReleaseRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_tollgate_v1_ReleaseResponse__Output>): grpc.ClientUnaryCall;
  Release(argument: _tollgate_v1_ReleaseRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_tollgate_v1_ReleaseResponse__Output>): grpc.ClientUnaryCall;
  Release(argument: _tollgate_v1_ReleaseRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_tollgate_v1_ReleaseResponse__Output>): grpc.ClientUnaryCall;
  Release(argument: _tollgate_v1_ReleaseRequest, callback: grpc.requestCallback<_tollgate_v1_ReleaseResponse__Output>): grpc.ClientUnaryCall;
  release(argument: _tollgate_v1_ReleaseRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_tollgate_v1_ReleaseResponse__Output>): grpc.ClientUnaryCall;
  release(argument: _tollgate_v1_ReleaseRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_tollgate_v1_ReleaseResponse__Output>): grpc.ClientUnaryCall;
  release(argument: _tollgate_v1_ReleaseRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_tollgate_v1_ReleaseResponse__Output>): grpc.ClientUnaryCall;
  release(argument: _tollgate_v1_ReleaseRequest, callback: grpc.requestCallback<_tollgate_v1_ReleaseResponse__Output>): grpc.ClientUnaryCall;
  
  Reserve(argument: _tollgate_v1_ReserveRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_tollgate_v1_ReserveResponse__Output>): grpc.ClientUnaryCall;
  Reserve(argument: _tollgate_v1_ReserveRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_tollgate_v1_ReserveResponse__Output>): grpc.ClientUnaryCall;
  Reserve(argument: _tollgate_v1_ReserveRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_tollgate_v1_ReserveResponse__Output>): grpc.ClientUnaryCall;
  Reserve(argument: _tollgate_v1_ReserveRequest, callback: grpc.requestCallback<_tollgate_v1_ReserveResponse__Output>): grpc.ClientUnaryCall;
  reserve(argument: _tollgate_v1_ReserveRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_tollgate_v1_ReserveResponse__Output>): grpc.ClientUnaryCall;
  reserve(argument: _tollgate_v1_ReserveRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_tollgate_v1_ReserveResponse__Output>): grpc.ClientUnaryCall;
  reserve(argument: _tollgate_v1_ReserveRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_tollgate_v1_ReserveResponse__Output>): grpc.ClientUnaryCall;
  reserve(argument: _tollgate_v1_ReserveRequest, callback: grpc.requestCallback<_tollgate_v1_ReserveResponse__Output>): grpc.ClientUnaryCall;
  
  Settle(argument: _tollgate_v1_SettleRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_tollgate_v1_SettleResponse__Output>): grpc.ClientUnaryCall;
  Settle(argument: _tollgate_v1_SettleRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_tollgate_v1_SettleResponse__Output>): grpc.ClientUnaryCall;
  Settle(argument: _tollgate_v1_SettleRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_tollgate_v1_SettleResponse__Output>): grpc.ClientUnaryCall;
  Settle(argument: _tollgate_v1_SettleRequest, callback: grpc.requestCallback<_tollgate_v1_SettleResponse__Output>): grpc.ClientUnaryCall;
  settle(argument: _tollgate_v1_SettleRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_tollgate_v1_SettleResponse__Output>): grpc.ClientUnaryCall;
  settle(argument: _tollgate_v1_SettleRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_tollgate_v1_SettleResponse__Output>): grpc.ClientUnaryCall;
  settle(argument: _tollgate_v1_SettleRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_tollgate_v1_SettleResponse__Output>): grpc.ClientUnaryCall;
  settle(argument: _tollgate_v1_SettleRequest, callback: grpc.requestCallback<_tollgate_v1_SettleResponse__Output>): grpc.ClientUnaryCall;
  
}

export interface UsageServiceHandlers extends grpc.UntypedServiceImplementation {
  Extend: grpc.handleUnaryCall<_tollgate_v1_ExtendRequest__Output, _tollgate_v1_ExtendResponse>;
  
  GetReservation: grpc.handleUnaryCall<_tollgate_v1_GetReservationRequest__Output, _tollgate_v1_GetReservationResponse>;
  
  GetUsage: grpc.handleUnaryCall<_tollgate_v1_GetUsageRequest__Output, _tollgate_v1_GetUsageResponse>;
  
  RecordUsage: grpc.handleUnaryCall<_tollgate_v1_RecordUsageRequest__Output, _tollgate_v1_RecordUsageResponse>;
  
  RecordUsageStream: grpc.handleBidiStreamingCall<_tollgate_v1_RecordUsageStreamRequest__Output, _tollgate_v1_RecordUsageStreamResponse>;
  
  Release: grpc.handleUnaryCall<_tollgate_v1_ReleaseRequest__Output, _tollgate_v1_ReleaseResponse>;
  
  Reserve: grpc.handleUnaryCall<_tollgate_v1_ReserveRequest__Output, _tollgate_v1_ReserveResponse>;
  
  Settle: grpc.handleUnaryCall<_tollgate_v1_SettleRequest__Output, _tollgate_v1_SettleResponse>;
  
}

export interface UsageServiceDefinition extends grpc.ServiceDefinition {
  Extend: MethodDefinition<_tollgate_v1_ExtendRequest, _tollgate_v1_ExtendResponse, _tollgate_v1_ExtendRequest__Output, _tollgate_v1_ExtendResponse__Output>
  GetReservation: MethodDefinition<_tollgate_v1_GetReservationRequest, _tollgate_v1_GetReservationResponse, _tollgate_v1_GetReservationRequest__Output, _tollgate_v1_GetReservationResponse__Output>
  GetUsage: MethodDefinition<_tollgate_v1_GetUsageRequest, _tollgate_v1_GetUsageResponse, _tollgate_v1_GetUsageRequest__Output, _tollgate_v1_GetUsageResponse__Output>
  RecordUsage: MethodDefinition<_tollgate_v1_RecordUsageRequest, _tollgate_v1_RecordUsageResponse, _tollgate_v1_RecordUsageRequest__Output, _tollgate_v1_RecordUsageResponse__Output>
  RecordUsageStream: MethodDefinition<_tollgate_v1_RecordUsageStreamRequest, _tollgate_v1_RecordUsageStreamResponse, _tollgate_v1_RecordUsageStreamRequest__Output, _tollgate_v1_RecordUsageStreamResponse__Output>
  Release: MethodDefinition<_tollgate_v1_ReleaseRequest, _tollgate_v1_ReleaseResponse, _tollgate_v1_ReleaseRequest__Output, _tollgate_v1_ReleaseResponse__Output>
  Reserve: MethodDefinition<_tollgate_v1_ReserveRequest, _tollgate_v1_ReserveResponse, _tollgate_v1_ReserveRequest__Output, _tollgate_v1_ReserveResponse__Output>
  Settle: MethodDefinition<_tollgate_v1_SettleRequest, _tollgate_v1_SettleResponse, _tollgate_v1_SettleRequest__Output, _tollgate_v1_SettleResponse__Output>
}
