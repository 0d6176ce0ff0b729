import { grpcClient } from '../../support/grpc-client.ts';
import type { GrpcClient } from '../../support/grpc-client.ts';
import { startGateway } from '../../support/gateway.ts';
import type { Gateway, GatewayOptions } from '../../support/gateway.ts';
import { adminToken } from '../../support/live-client.ts';

export interface KeyGateway extends Gateway {
  client: GrpcClient;
}

/** The gateway with its gRPC listener, and a client who may do everything. */
export async function startKeyGateway(options: GatewayOptions = {}): Promise<KeyGateway> {
  const gateway = await startGateway({ ...options, env: { ...options.env, GRPC_PORT: '0' } });
  const { grpcAddress } = gateway.app;
  if (grpcAddress === null) throw new Error('gRPC is not listened to');
  return { ...gateway, client: grpcClient(grpcAddress, { token: adminToken(gateway) }) };
}
