// Original file: protos/tollgate/v1/operations_service.proto

import type * as grpc from '@grpc/grpc-js'
import type { MethodDefinition } from '@grpc/proto-loader'
import type { ListCredentialHealthRequest as _tollgate_v1_ListCredentialHealthRequest, ListCredentialHealthRequest__Output as _tollgate_v1_ListCredentialHealthRequest__Output } from '../../tollgate/v1/ListCredentialHealthRequest.ts';
import type { ListCredentialHealthResponse as _tollgate_v1_ListCredentialHealthResponse, ListCredentialHealthResponse__Output as _tollgate_v1_ListCredentialHealthResponse__Output } from '../../tollgate/v1/ListCredentialHealthResponse.ts';
import type { WatchBalancesRequest as _tollgate_v1_WatchBalancesRequest, WatchBalancesRequest__Output as _tollgate_v1_WatchBalancesRequest__Output } from '../../tollgate/v1/WatchBalancesRequest.ts';
import type { WatchBalancesResponse as _tollgate_v1_WatchBalancesResponse, WatchBalancesResponse__Output as _tollgate_v1_WatchBalancesResponse__Output } from '../../tollgate/v1/WatchBalancesResponse.ts';
import type { WatchBansRequest as _tollgate_v1_WatchBansRequest, WatchBansRequest__Output as _tollgate_v1_WatchBansRequest__Output } from '../../tollgate/v1/WatchBansRequest.ts';
import type { WatchBansResponse as _tollgate_v1_WatchBansResponse, WatchBansResponse__Output as _tollgate_v1_WatchBansResponse__Output } from '../../tollgate/v1/WatchBansResponse.ts';
import type { WatchEventsRequest as _tollgate_v1_WatchEventsRequest, WatchEventsRequest__Output as _tollgate_v1_WatchEventsRequest__Output } from '../../tollgate/v1/WatchEventsRequest.ts';
import type { WatchEventsResponse as _tollgate_v1_WatchEventsResponse, WatchEventsResponse__Output as _tollgate_v1_WatchEventsResponse__Output } from '../../tollgate/v1/WatchEventsResponse.ts';

export interface OperationsServiceClient extends grpc.Client {
  ListCredentialHealth(argument: _tollgate_v1_ListCredentialHealthRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_tollgate_v1_ListCredentialHealthResponse__Output>): grpc.ClientUnaryCall;
  ListCredentialHealth(argument: _tollgate_v1_ListCredentialHealthRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_tollgate_v1_ListCredentialHealthResponse__Output>): grpc.ClientUnaryCall;
  ListCredentialHealth(argument: _tollgate_v1_ListCredentialHealthRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_tollgate_v1_ListCredentialHealthResponse__Output>): grpc.ClientUnaryCall;
  ListCredentialHealth(argument: _tollgate_v1_ListCredentialHealthRequest, callback: grpc.requestCallback<_tollgate_v1_ListCredentialHealthResponse__Output>): grpc.ClientUnaryCall;
  listCredentialHealth(argument: _tollgate_v1_ListCredentialHealthRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_tollgate_v1_ListCredentialHealthResponse__Output>): grpc.ClientUnaryCall;
  listCredentialHealth(argument: _tollgate_v1_ListCredentialHealthRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_tollgate_v1_ListCredentialHealthResponse__Output>): grpc.ClientUnaryCall;
  listCredentialHealth(argument: _tollgate_v1_ListCredentialHealthRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_tollgate_v1_ListCredentialHealthResponse__Output>): grpc.ClientUnaryCall;
  listCredentialHealth(argument: _tollgate_v1_ListCredentialHealthRequest, callback: grpc.requestCallback<_tollgate_v1_ListCredentialHealthResponse__Output>): grpc.ClientUnaryCall;
  
  WatchBalances(argument: _tollgate_v1_WatchBalancesRequest, metadata: grpc.Metadata, options?: grpc.CallOptions): grpc.ClientReadableStream<_tollgate_v1_WatchBalancesResponse__Output>;
  WatchBalances(argument: _tollgate_v1_WatchBalancesRequest, options?: grpc.CallOptions): grpc.ClientReadableStream<_tollgate_v1_WatchBalancesResponse__Output>;
  watchBalances(argument: _tollgate_v1_WatchBalancesRequest, metadata: grpc.Metadata, options?: grpc.CallOptions): grpc.ClientReadableStream<_tollgate_v1_WatchBalancesResponse__Output>;
  watchBalances(argument: _tollgate_v1_WatchBalancesRequest, options?: grpc.CallOptions): grpc.ClientReadableStream<_tollgate_v1_WatchBalancesResponse__Output>;
  
  WatchBans(argument: _tollgate_v1_WatchBansRequest, metadata: grpc.Metadata, options?: grpc.CallOptions): grpc.ClientReadableStream<_tollgate_v1_WatchBansResponse__Output>;
  WatchBans(argument: _tollgate_v1_WatchBansRequest, options?: grpc.CallOptions): grpc.ClientReadableStream<_tollgate_v1_WatchBansResponse__Output>;
  watchBans(argument: _tollgate_v1_WatchBansRequest, metadata: grpc.Metadata, options?: grpc.CallOptions): grpc.ClientReadableStream<_tollgate_v1_WatchBansResponse__Output>;
  watchBans(argument: _tollgate_v1_WatchBansRequest, options?: grpc.CallOptions): grpc.ClientReadableStream<_tollgate_v1_WatchBansResponse__Output>;
  
  WatchEvents(argument: _tollgate_v1_WatchEventsRequest, metadata: grpc.Metadata, options?: grpc.CallOptions): grpc.ClientReadableStream<_tollgate_v1_WatchEventsResponse__Output>;
  WatchEvents(argument: _tollgate_v1_WatchEventsRequest, options?: grpc.CallOptions): grpc.ClientReadableStream<_tollgate_v1_WatchEventsResponse__Output>;
  watchEvents(argument: _tollgate_v1_WatchEventsRequest, metadata: grpc.Metadata, options?: grpc.CallOptions): grpc.ClientReadableStream<_tollgate_v1_WatchEventsResponse__Output>;
  watchEvents(argument: _tollgate_v1_WatchEventsRequest, options?: grpc.CallOptions): grpc.ClientReadableStream<_tollgate_v1_WatchEventsResponse__Output>;
  
}

export interface OperationsServiceHandlers extends grpc.UntypedServiceImplementation {
  ListCredentialHealth: grpc.handleUnaryCall<_tollgate_v1_ListCredentialHealthRequest__Output, _tollgate_v1_ListCredentialHealthResponse>;
  
  WatchBalances: grpc.handleServerStreamingCall<_tollgate_v1_WatchBalancesRequest__Output, _tollgate_v1_WatchBalancesResponse>;
  
  WatchBans: grpc.handleServerStreamingCall<_tollgate_v1_WatchBansRequest__Output, _tollgate_v1_WatchBansResponse>;
  
  WatchEvents: grpc.handleServerStreamingCall<_tollgate_v1_WatchEventsRequest__Output, _tollgate_v1_WatchEventsResponse>;
  
}

export interface OperationsServiceDefinition extends grpc.ServiceDefinition {
  ListCredentialHealth: MethodDefinition<_tollgate_v1_ListCredentialHealthRequest, _tollgate_v1_ListCredentialHealthResponse, _tollgate_v1_ListCredentialHealthRequest__Output, _tollgate_v1_ListCredentialHealthResponse__Output>
  WatchBalances: MethodDefinition<_tollgate_v1_WatchBalancesRequest, _tollgate_v1_WatchBalancesResponse, _tollgate_v1_WatchBalancesRequest__Output, _tollgate_v1_WatchBalancesResponse__Output>
  WatchBans: MethodDefinition<_tollgate_v1_WatchBansRequest, _tollgate_v1_WatchBansResponse, _tollgate_v1_WatchBansRequest__Output, _tollgate_v1_WatchBansResponse__Output>
  WatchEvents: MethodDefinition<_tollgate_v1_WatchEventsRequest, _tollgate_v1_WatchEventsResponse, _tollgate_v1_WatchEventsRequest__Output, _tollgate_v1_WatchEventsResponse__Output>
}
