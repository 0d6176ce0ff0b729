import { isLoopbackHost } from './loopback.ts';
import type { Settings } from './settings.ts';

/** What is wrong with the settings of the gRPC listener taken together. */
export function grpcMistakes(settings: Partial<Settings>): string[] {
  const { grpcHost, grpcPort, grpcTlsCert, grpcTlsKey, grpcTlsClientCa } = settings;
  if (grpcPort === 'off') return [];
  const mistakes: string[] = [];
  if ((grpcTlsCert === undefined) !== (grpcTlsKey === undefined)) {
    mistakes.push('GRPC_TLS_CERT, GRPC_TLS_KEY: a certificate and its key go together');
  }
  if (grpcTlsClientCa !== undefined && grpcTlsCert === undefined) {
    mistakes.push('GRPC_TLS_CLIENT_CA: needs GRPC_TLS_CERT and GRPC_TLS_KEY');
  }
  if (grpcHost !== undefined && !isLoopbackHost(grpcHost) && grpcTlsCert === undefined) {
    mistakes.push(
      'GRPC_HOST: tokens would be sent in the clear: give GRPC_TLS_CERT and GRPC_TLS_KEY, or listen on 127.0.0.1',
    );
  }
  return mistakes;
}
