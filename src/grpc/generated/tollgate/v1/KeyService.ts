// Original file: protos/tollgate/v1/key_service.proto

import type * as grpc from '@grpc/grpc-js'
import type { MethodDefinition } from '@grpc/proto-loader'
import type { BatchValidateKeysRequest as _tollgate_v1_BatchValidateKeysRequest, BatchValidateKeysRequest__Output as _tollgate_v1_BatchValidateKeysRequest__Output } from '../../tollgate/v1/BatchValidateKeysRequest.ts';
import type { BatchValidateKeysResponse as _tollgate_v1_BatchValidateKeysResponse, BatchValidateKeysResponse__Output as _tollgate_v1_BatchValidateKeysResponse__Output } from '../../tollgate/v1/BatchValidateKeysResponse.ts';
import type { GetKeyRequest as _tollgate_v1_GetKeyRequest, GetKeyRequest__Output as _tollgate_v1_GetKeyRequest__Output } from '../../tollgate/v1/GetKeyRequest.ts';
import type { GetKeyResponse as _tollgate_v1_GetKeyResponse, GetKeyResponse__Output as _tollgate_v1_GetKeyResponse__Output } from '../../tollgate/v1/GetKeyResponse.ts';
import type { ValidateKeyRequest as _tollgate_v1_ValidateKeyRequest, ValidateKeyRequest__Output as _tollgate_v1_ValidateKeyRequest__Output } from '../../tollgate/v1/ValidateKeyRequest.ts';
import type { ValidateKeyResponse as _tollgate_v1_ValidateKeyResponse, ValidateKeyResponse__Output as _tollgate_v1_ValidateKeyResponse__Output } from '../../tollgate/v1/ValidateKeyResponse.ts';
import type { WatchKeysRequest as _tollgate_v1_WatchKeysRequest, WatchKeysRequest__Output as _tollgate_v1_WatchKeysRequest__Output } from '../../tollgate/v1/WatchKeysRequest.ts';
import type { WatchKeysResponse as _tollgate_v1_WatchKeysResponse, WatchKeysResponse__Output as _tollgate_v1_WatchKeysResponse__Output } from '../../tollgate/v1/WatchKeysResponse.ts';

export interface KeyServiceClient extends grpc.Client {
  BatchValidateKeys(argument: _tollgate_v1_BatchValidateKeysRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_tollgate_v1_BatchValidateKeysResponse__Output>): grpc.ClientUnaryCall;
  BatchValidateKeys(argument: _tollgate_v1_BatchValidateKeysRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_tollgate_v1_BatchValidateKeysResponse__Output>): grpc.ClientUnaryCall;
  BatchValidateKeys(argument: _tollgate_v1_BatchValidateKeysRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_tollgate_v1_BatchValidateKeysResponse__Output>): grpc.ClientUnaryCall;
  BatchValidateKeys(argument: _tollgate_v1_BatchValidateKeysRequest, callback: grpc.requestCallback<_tollgate_v1_BatchValidateKeysResponse__Output>): grpc.ClientUnaryCall;
  batchValidateKeys(argument: _tollgate_v1_BatchValidateKeysRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_tollgate_v1_BatchValidateKeysResponse__Output>): grpc.ClientUnaryCall;
  batchValidateKeys(argument: _tollgate_v1_BatchValidateKeysRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_tollgate_v1_BatchValidateKeysResponse__Output>): grpc.ClientUnaryCall;
  batchValidateKeys(argument: _tollgate_v1_BatchValidateKeysRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_tollgate_v1_BatchValidateKeysResponse__Output>): grpc.ClientUnaryCall;
  batchValidateKeys(argument: _tollgate_v1_BatchValidateKeysRequest, callback: grpc.requestCallback<_tollgate_v1_BatchValidateKeysResponse__Output>): grpc.ClientUnaryCall;
  
  GetKey(argument: _tollgate_v1_GetKeyRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_tollgate_v1_GetKeyResponse__Output>): grpc.ClientUnaryCall;
  GetKey(argument: _tollgate_v1_GetKeyRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_tollgate_v1_GetKeyResponse__Output>): grpc.ClientUnaryCall;
  GetKey(argument: _tollgate_v1_GetKeyRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_tollgate_v1_GetKeyResponse__Output>): grpc.ClientUnaryCall;
  GetKey(argument: _tollgate_v1_GetKeyRequest, callback: grpc.requestCallback<_tollgate_v1_GetKeyResponse__Output>): grpc.ClientUnaryCall;
  getKey(argument: _tollgate_v1_GetKeyRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_tollgate_v1_GetKeyResponse__Output>): grpc.ClientUnaryCall;
  getKey(argument: _tollgate_v1_GetKeyRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_tollgate_v1_GetKeyResponse__Output>): grpc.ClientUnaryCall;
  getKey(argument: _tollgate_v1_GetKeyRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_tollgate_v1_GetKeyResponse__Output>): grpc.ClientUnaryCall;
  getKey(argument: _tollgate_v1_GetKeyRequest, callback: grpc.requestCallback<_tollgate_v1_GetKeyResponse__Output>): grpc.ClientUnaryCall;
  
  ValidateKey(argument: _tollgate_v1_ValidateKeyRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_tollgate_v1_ValidateKeyResponse__Output>): grpc.ClientUnaryCall;
  ValidateKey(argument: _tollgate_v1_ValidateKeyRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_tollgate_v1_ValidateKeyResponse__Output>): grpc.ClientUnaryCall;
  ValidateKey(argument: _tollgate_v1_ValidateKeyRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_tollgate_v1_ValidateKeyResponse__Output>): grpc.ClientUnaryCall;
  ValidateKey(argument: _tollgate_v1_ValidateKeyRequest, callback: grpc.requestCallback<_tollgate_v1_ValidateKeyResponse__Output>): grpc.ClientUnaryCall;
  validateKey(argument: _tollgate_v1_ValidateKeyRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_tollgate_v1_ValidateKeyResponse__Output>): grpc.ClientUnaryCall;
  validateKey(argument: _tollgate_v1_ValidateKeyRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_tollgate_v1_ValidateKeyResponse__Output>): grpc.ClientUnaryCall;
  validateKey(argument: _tollgate_v1_ValidateKeyRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_tollgate_v1_ValidateKeyResponse__Output>): grpc.ClientUnaryCall;
  validateKey(argument: _tollgate_v1_ValidateKeyRequest, callback: grpc.requestCallback<_tollgate_v1_ValidateKeyResponse__Output>): grpc.ClientUnaryCall;
  
  WatchKeys(argument: _tollgate_v1_WatchKeysRequest, metadata: grpc.Metadata, options?: grpc.CallOptions): grpc.ClientReadableStream<_tollgate_v1_WatchKeysResponse__Output>;
  WatchKeys(argument: _tollgate_v1_WatchKeysRequest, options?: grpc.CallOptions): grpc.ClientReadableStream<_tollgate_v1_WatchKeysResponse__Output>;
  watchKeys(argument: _tollgate_v1_WatchKeysRequest, metadata: grpc.Metadata, options?: grpc.CallOptions): grpc.ClientReadableStream<_tollgate_v1_WatchKeysResponse__Output>;
  watchKeys(argument: _tollgate_v1_WatchKeysRequest, options?: grpc.CallOptions): grpc.ClientReadableStream<_tollgate_v1_WatchKeysResponse__Output>;
  
}

export interface KeyServiceHandlers extends grpc.UntypedServiceImplementation {
  BatchValidateKeys: grpc.handleUnaryCall<_tollgate_v1_BatchValidateKeysRequest__Output, _tollgate_v1_BatchValidateKeysResponse>;
  
  GetKey: grpc.handleUnaryCall<_tollgate_v1_GetKeyRequest__Output, _tollgate_v1_GetKeyResponse>;
  
  ValidateKey: grpc.handleUnaryCall<_tollgate_v1_ValidateKeyRequest__Output, _tollgate_v1_ValidateKeyResponse>;
  
  WatchKeys: grpc.handleServerStreamingCall<_tollgate_v1_WatchKeysRequest__Output, _tollgate_v1_WatchKeysResponse>;
  
}

export interface KeyServiceDefinition extends grpc.ServiceDefinition {
  BatchValidateKeys: MethodDefinition<_tollgate_v1_BatchValidateKeysRequest, _tollgate_v1_BatchValidateKeysResponse, _tollgate_v1_BatchValidateKeysRequest__Output, _tollgate_v1_BatchValidateKeysResponse__Output>
  GetKey: MethodDefinition<_tollgate_v1_GetKeyRequest, _tollgate_v1_GetKeyResponse, _tollgate_v1_GetKeyRequest__Output, _tollgate_v1_GetKeyResponse__Output>
  ValidateKey: MethodDefinition<_tollgate_v1_ValidateKeyRequest, _tollgate_v1_ValidateKeyResponse, _tollgate_v1_ValidateKeyRequest__Output, _tollgate_v1_ValidateKeyResponse__Output>
  WatchKeys: MethodDefinition<_tollgate_v1_WatchKeysRequest, _tollgate_v1_WatchKeysResponse, _tollgate_v1_WatchKeysRequest__Output, _tollgate_v1_WatchKeysResponse__Output>
}
