import { notReady } from './control-plane.ts';
import type { FrontParts } from './front.ts';
import type { GrpcServer } from './grpc/server.ts';
import { addressOf } from './listening.ts';
import type { ControlPlane } from './services/control-plane.ts';
import type { Workspace } from './workspace.ts';

export interface GrpcFront extends Omit<GrpcServer, 'listen'> {
  /** Host and port; null before they are listened to. */
  readonly address: string | null;
  listen(): Promise<void>;
}

/**
 * The gRPC listener, null when it is off. Its library and the contract are loaded where they are wanted:
 * commands and tests without it would wait for them.
 */
export async function createGrpcFront(
  { config, clock, logger }: Workspace,
  parts: FrontParts,
  services: ControlPlane,
): Promise<GrpcFront | null> {
  const { grpcHost, grpcPort } = config;
  if (grpcPort === 'off') return null;
  const { createGrpcServer } = await import('./grpc/server.ts');
  const { methodsOf } = await import('./grpc/methods.ts');
  const server = await createGrpcServer({
    settings: config,
    clock,
    logger,
    registry: parts.metrics.registry,
    authenticator: services.authenticator,
    methods: methodsOf(services),
    notReady: () => notReady(parts),
  });
  let address: string | null = null;
  return {
    ...server,
    get address() {
      return address;
    },
    async listen() {
      address = addressOf(grpcHost, await server.listen(grpcPort, grpcHost));
    },
  };
}
