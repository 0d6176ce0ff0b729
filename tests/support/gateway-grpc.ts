import type { Gateway } from './gateway.ts';
import { grpcClient } from './grpc-client.ts';
import type { GrpcClient } from './grpc-client.ts';
import { adminToken } from './live-client.ts';

/** A client of a gateway that was started with `GRPC_PORT: '0'`; shows the admin secret unless told otherwise. */
export function grpcOf(
  gateway: Pick<Gateway, 'app' | 'space'>,
  token: string | null = adminToken(gateway),
): GrpcClient {
  const { grpcAddress } = gateway.app;
  if (grpcAddress === null) throw new Error('start the gateway with GRPC_PORT 0');
  return grpcClient(grpcAddress, { token });
}
