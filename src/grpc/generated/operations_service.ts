import type * as grpc from '@grpc/grpc-js';
import type { MessageTypeDefinition } from '@grpc/proto-loader';

import type { Timestamp as _google_protobuf_Timestamp, Timestamp__Output as _google_protobuf_Timestamp__Output } from './google/protobuf/Timestamp.ts';
import type { CredentialHealth as _tollgate_v1_CredentialHealth, CredentialHealth__Output as _tollgate_v1_CredentialHealth__Output } from './tollgate/v1/CredentialHealth.ts';
import type { Event as _tollgate_v1_Event, Event__Output as _tollgate_v1_Event__Output } from './tollgate/v1/Event.ts';
import type { HealthBlock as _tollgate_v1_HealthBlock, HealthBlock__Output as _tollgate_v1_HealthBlock__Output } from './tollgate/v1/HealthBlock.ts';
import type { ListCredentialHealthRequest as _tollgate_v1_ListCredentialHealthRequest, ListCredentialHealthRequest__Output as _tollgate_v1_ListCredentialHealthRequest__Output } from './tollgate/v1/ListCredentialHealthRequest.ts';
import type { ListCredentialHealthResponse as _tollgate_v1_ListCredentialHealthResponse, ListCredentialHealthResponse__Output as _tollgate_v1_ListCredentialHealthResponse__Output } from './tollgate/v1/ListCredentialHealthResponse.ts';
import type { OperationsServiceClient as _tollgate_v1_OperationsServiceClient, OperationsServiceDefinition as _tollgate_v1_OperationsServiceDefinition } from './tollgate/v1/OperationsService.ts';
import type { WatchBalancesRequest as _tollgate_v1_WatchBalancesRequest, WatchBalancesRequest__Output as _tollgate_v1_WatchBalancesRequest__Output } from './tollgate/v1/WatchBalancesRequest.ts';
import type { WatchBalancesResponse as _tollgate_v1_WatchBalancesResponse, WatchBalancesResponse__Output as _tollgate_v1_WatchBalancesResponse__Output } from './tollgate/v1/WatchBalancesResponse.ts';
import type { WatchBansRequest as _tollgate_v1_WatchBansRequest, WatchBansRequest__Output as _tollgate_v1_WatchBansRequest__Output } from './tollgate/v1/WatchBansRequest.ts';
import type { WatchBansResponse as _tollgate_v1_WatchBansResponse, WatchBansResponse__Output as _tollgate_v1_WatchBansResponse__Output } from './tollgate/v1/WatchBansResponse.ts';
import type { WatchEventsRequest as _tollgate_v1_WatchEventsRequest, WatchEventsRequest__Output as _tollgate_v1_WatchEventsRequest__Output } from './tollgate/v1/WatchEventsRequest.ts';
import type { WatchEventsResponse as _tollgate_v1_WatchEventsResponse, WatchEventsResponse__Output as _tollgate_v1_WatchEventsResponse__Output } from './tollgate/v1/WatchEventsResponse.ts';

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
      CredentialHealth: MessageTypeDefinition<_tollgate_v1_CredentialHealth, _tollgate_v1_CredentialHealth__Output>
      Event: MessageTypeDefinition<_tollgate_v1_Event, _tollgate_v1_Event__Output>
      HealthBlock: MessageTypeDefinition<_tollgate_v1_HealthBlock, _tollgate_v1_HealthBlock__Output>
      ListCredentialHealthRequest: MessageTypeDefinition<_tollgate_v1_ListCredentialHealthRequest, _tollgate_v1_ListCredentialHealthRequest__Output>
      ListCredentialHealthResponse: MessageTypeDefinition<_tollgate_v1_ListCredentialHealthResponse, _tollgate_v1_ListCredentialHealthResponse__Output>
      OperationsService: SubtypeConstructor<typeof grpc.Client, _tollgate_v1_OperationsServiceClient> & { service: _tollgate_v1_OperationsServiceDefinition }
      WatchBalancesRequest: MessageTypeDefinition<_tollgate_v1_WatchBalancesRequest, _tollgate_v1_WatchBalancesRequest__Output>
      WatchBalancesResponse: MessageTypeDefinition<_tollgate_v1_WatchBalancesResponse, _tollgate_v1_WatchBalancesResponse__Output>
      WatchBansRequest: MessageTypeDefinition<_tollgate_v1_WatchBansRequest, _tollgate_v1_WatchBansRequest__Output>
      WatchBansResponse: MessageTypeDefinition<_tollgate_v1_WatchBansResponse, _tollgate_v1_WatchBansResponse__Output>
      WatchEventsRequest: MessageTypeDefinition<_tollgate_v1_WatchEventsRequest, _tollgate_v1_WatchEventsRequest__Output>
      WatchEventsResponse: MessageTypeDefinition<_tollgate_v1_WatchEventsResponse, _tollgate_v1_WatchEventsResponse__Output>
    }
  }
}

