import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createSecureContext } from 'node:tls';
import { ServerCredentials } from '@grpc/grpc-js';
import type { GrpcSettings } from './server.ts';

/**
 * How the listener shows who it is, and whom it wants to be shown: in the clear without a certificate,
 * which the configuration allows on this machine alone.
 * @throws Error that names the setting whose file cannot be used
 */
export function credentialsOf(settings: GrpcSettings): ServerCredentials {
  const { grpcTlsCert, grpcTlsKey, grpcTlsClientCa } = settings;
  if (grpcTlsCert === undefined || grpcTlsKey === undefined) {
    return ServerCredentials.createInsecure();
  }
  const cert = contentOf('GRPC_TLS_CERT', grpcTlsCert);
  const key = contentOf('GRPC_TLS_KEY', grpcTlsKey);
  const ca =
    grpcTlsClientCa === undefined ? null : contentOf('GRPC_TLS_CLIENT_CA', grpcTlsClientCa);
  usable('GRPC_TLS_CERT and GRPC_TLS_KEY', () => createSecureContext({ cert, key }));
  // Node would take anything for it, and then trust nobody.
  if (ca !== null) usable('GRPC_TLS_CLIENT_CA', () => new X509Certificate(ca));
  return ServerCredentials.createSsl(ca, [{ cert_chain: cert, private_key: key }], ca !== null);
}

const contentOf = (setting: string, path: string): Buffer =>
  usable(setting, () => readFileSync(path));

function usable<T>(setting: string, use: () => T): T {
  try {
    return use();
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new Error(`${setting} cannot be used: ${reason}`, { cause: error });
  }
}
