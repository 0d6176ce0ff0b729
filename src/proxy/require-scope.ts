import { GatewayError } from '../errors/gateway-error.ts';
import type { Asked, Endpoint } from './endpoints/endpoint.ts';
import { isObject } from './usage-readers.ts';
import type { KeyEntry } from './virtual-keys.ts';

/** Refuses what the key may not be used for, or not from there. */
export function requireScope(
  { scope }: KeyEntry,
  { address, endpoint }: { address: string; endpoint: Endpoint },
): void {
  if (!scope.allowsAddress(address)) {
    throw new GatewayError('permission_denied', 'This API key may not be used from this address.');
  }
  const { id, meter } = endpoint;
  if (!scope.allowsEndpoint(id)) {
    throw new GatewayError('permission_denied', `This API key may not be used for ${id}.`);
  }
  if (scope.isOfModels && meter.kind === 'unpriced') {
    throw new GatewayError(
      'permission_denied',
      `This API key may use certain models only, and which ones ${id} uses is not known.`,
    );
  }
}

/**
 * Also names in the body to which an upstream may turn instead (OpenRouter, Vercel AI Gateway).
 * @throws GatewayError `permission_denied` for a model that is not among those allowed
 */
export function requireModel({ scope }: KeyEntry, { model, fields }: Asked): void {
  if (!scope.isOfModels) return;
  requireEach(scope, { names: model === '' ? [] : [model], param: 'model' });
  requireEach(scope, { names: fields['models'], param: 'models' });
  const options = fields['providerOptions'];
  const gateway = isObject(options) ? options['gateway'] : undefined;
  if (isObject(gateway)) requireEach(scope, { names: gateway['models'], param: 'providerOptions' });
}

function requireEach(
  scope: KeyEntry['scope'],
  { names, param }: { names: unknown; param: string },
): void {
  for (const name of Array.isArray(names) ? (names as unknown[]) : []) {
    if (typeof name === 'string' && scope.allowsModel(name)) continue;
    throw new GatewayError(
      'permission_denied',
      `This API key may not use the model \`${String(name)}\`.`,
      { param },
    );
  }
}
