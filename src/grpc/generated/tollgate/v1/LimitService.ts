// Original file: protos/tollgate/v1/limit_service.proto

import type * as grpc from '@grpc/grpc-js'
import type { MethodDefinition } from '@grpc/proto-loader'
import type { GetLimitsRequest as _tollgate_v1_GetLimitsRequest, GetLimitsRequest__Output as _tollgate_v1_GetLimitsRequest__Output } from '../../tollgate/v1/GetLimitsRequest.ts';
import type { GetLimitsResponse as _tollgate_v1_GetLimitsResponse, GetLimitsResponse__Output as _tollgate_v1_GetLimitsResponse__Output } from '../../tollgate/v1/GetLimitsResponse.ts';
import type { SettleLimitsRequest as _tollgate_v1_SettleLimitsRequest, SettleLimitsRequest__Output as _tollgate_v1_SettleLimitsRequest__Output } from '../../tollgate/v1/SettleLimitsRequest.ts';
import type { SettleLimitsResponse as _tollgate_v1_SettleLimitsResponse, SettleLimitsResponse__Output as _tollgate_v1_SettleLimitsResponse__Output } from '../../tollgate/v1/SettleLimitsResponse.ts';
import type { TakeLimitsRequest as _tollgate_v1_TakeLimitsRequest, TakeLimitsRequest__Output as _tollgate_v1_TakeLimitsRequest__Output } from '../../tollgate/v1/TakeLimitsRequest.ts';
import type { TakeLimitsResponse as _tollgate_v1_TakeLimitsResponse, TakeLimitsResponse__Output as _tollgate_v1_TakeLimitsResponse__Output } from '../../tollgate/v1/TakeLimitsResponse.ts';

export interface LimitServiceClient extends grpc.Client {
  GetLimits(argument: _tollgate_v1_GetLimitsRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_tollgate_v1_GetLimitsResponse__Output>): grpc.ClientUnaryCall;
  GetLimits(argument: _tollgate_v1_GetLimitsRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_tollgate_v1_GetLimitsResponse__Output>): grpc.ClientUnaryCall;
  GetLimits(argument: _tollgate_v1_GetLimitsRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_tollgate_v1_GetLimitsResponse__Output>): grpc.ClientUnaryCall;
  GetLimits(argument: _tollgate_v1_GetLimitsRequest, callback: grpc.requestCallback<_tollgate_v1_GetLimitsResponse__Output>): grpc.ClientUnaryCall;
  getLimits(argument: _tollgate_v1_GetLimitsRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_tollgate_v1_GetLimitsResponse__Output>): grpc.ClientUnaryCall;
  getLimits(argument: _tollgate_v1_GetLimitsRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_tollgate_v1_GetLimitsResponse__Output>): grpc.ClientUnaryCall;
  getLimits(argument: _tollgate_v1_GetLimitsRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_tollgate_v1_GetLimitsResponse__Output>): grpc.ClientUnaryCall;
  getLimits(argument: _tollgate_v1_GetLimitsRequest, callback: grpc.requestCallback<_tollgate_v1_GetLimitsResponse__Output>): grpc.ClientUnaryCall;
  
  SettleLimits(argument: _tollgate_v1_SettleLimitsRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_tollgate_v1_SettleLimitsResponse__Output>): grpc.ClientUnaryCall;
  SettleLimits(argument: _tollgate_v1_SettleLimitsRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_tollgate_v1_SettleLimitsResponse__Output>): grpc.ClientUnaryCall;
  SettleLimits(argument: _tollgate_v1_SettleLimitsRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_tollgate_v1_SettleLimitsResponse__Output>): grpc.ClientUnaryCall;
  SettleLimits(argument: _tollgate_v1_SettleLimitsRequest, callback: grpc.requestCallback<_tollgate_v1_SettleLimitsResponse__Output>): grpc.ClientUnaryCall;
  settleLimits(argument: _tollgate_v1_SettleLimitsRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_tollgate_v1_SettleLimitsResponse__Output>): grpc.ClientUnaryCall;
  settleLimits(argument: _tollgate_v1_SettleLimitsRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_tollgate_v1_SettleLimitsResponse__Output>): grpc.ClientUnaryCall;
  settleLimits(argument: _tollgate_v1_SettleLimitsRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_tollgate_v1_SettleLimitsResponse__Output>): grpc.ClientUnaryCall;
  settleLimits(argument: _tollgate_v1_SettleLimitsRequest, callback: grpc.requestCallback<_tollgate_v1_SettleLimitsResponse__Output>): grpc.ClientUnaryCall;
  
  TakeLimits(argument: _tollgate_v1_TakeLimitsRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_tollgate_v1_TakeLimitsResponse__Output>): grpc.ClientUnaryCall;
  TakeLimits(argument: _tollgate_v1_TakeLimitsRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_tollgate_v1_TakeLimitsResponse__Output>): grpc.ClientUnaryCall;
  TakeLimits(argument: _tollgate_v1_TakeLimitsRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_tollgate_v1_TakeLimitsResponse__Output>): grpc.ClientUnaryCall;
  TakeLimits(argument: _tollgate_v1_TakeLimitsRequest, callback: grpc.requestCallback<_tollgate_v1_TakeLimitsResponse__Output>): grpc.ClientUnaryCall;
  takeLimits(argument: _tollgate_v1_TakeLimitsRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_tollgate_v1_TakeLimitsResponse__Output>): grpc.ClientUnaryCall;
  takeLimits(argument: _tollgate_v1_TakeLimitsRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_tollgate_v1_TakeLimitsResponse__Output>): grpc.ClientUnaryCall;
  takeLimits(argument: _tollgate_v1_TakeLimitsRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_tollgate_v1_TakeLimitsResponse__Output>): grpc.ClientUnaryCall;
  takeLimits(argument: _tollgate_v1_TakeLimitsRequest, callback: grpc.requestCallback<_tollgate_v1_TakeLimitsResponse__Output>): grpc.ClientUnaryCall;
  
}

export interface LimitServiceHandlers extends grpc.UntypedServiceImplementation {
  GetLimits: grpc.handleUnaryCall<_tollgate_v1_GetLimitsRequest__Output, _tollgate_v1_GetLimitsResponse>;
  
  SettleLimits: grpc.handleUnaryCall<_tollgate_v1_SettleLimitsRequest__Output, _tollgate_v1_SettleLimitsResponse>;
  
  TakeLimits: grpc.handleUnaryCall<_tollgate_v1_TakeLimitsRequest__Output, _tollgate_v1_TakeLimitsResponse>;
  
}

export interface LimitServiceDefinition extends grpc.ServiceDefinition {
  GetLimits: MethodDefinition<_tollgate_v1_GetLimitsRequest, _tollgate_v1_GetLimitsResponse, _tollgate_v1_GetLimitsRequest__Output, _tollgate_v1_GetLimitsResponse__Output>
  SettleLimits: MethodDefinition<_tollgate_v1_SettleLimitsRequest, _tollgate_v1_SettleLimitsResponse, _tollgate_v1_SettleLimitsRequest__Output, _tollgate_v1_SettleLimitsResponse__Output>
  TakeLimits: MethodDefinition<_tollgate_v1_TakeLimitsRequest, _tollgate_v1_TakeLimitsResponse, _tollgate_v1_TakeLimitsRequest__Output, _tollgate_v1_TakeLimitsResponse__Output>
}
