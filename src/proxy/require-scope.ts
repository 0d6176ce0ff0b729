import { GatewayError } from '../errors/gateway-error.ts';
import type { KeyEntry } from './virtual-keys.ts';

/** Refuses what the key may not be used for, or not from there. */
export function requireScope(
  { scope }: KeyEntry,
  { address, endpoint }: { address: string; endpoint: string },
): void {
  if (!scope.allowsAddress(address)) {
    throw new GatewayError('permission_denied', 'This API key may not be used from this address.');
  }
  if (!scope.allowsEndpoint(endpoint)) {
    throw new GatewayError('permission_denied', `This API key may not be used for ${endpoint}.`);
  }
}

/** @throws GatewayError `permission_denied` for a model that is not among those allowed */
export function requireModel({ scope }: KeyEntry, model: string): void {
  if (model === '' || scope.allowsModel(model)) return;
  throw new GatewayError('permission_denied', `This API key may not use the model \`${model}\`.`, {
    param: 'model',
  });
}
