import { costOf } from '../accounting/prices/cost.ts';
import type { PriceSheet } from '../accounting/prices/price-row.ts';
import { noUsage, tokensIn } from '../entities/usage.ts';
import type { Usage } from '../entities/usage.ts';
import { GatewayError } from '../errors/gateway-error.ts';
import { callerRoute } from './caller-credential.ts';
import type { Arrived, DataPlane } from './data-plane.ts';
import { PoolRoute } from './route.ts';
import type { Route } from './route.ts';

/**
 * The way a call is to go: with the credential that its caller brought, else with the pool's.
 * @throws GatewayError `model_not_found` when nobody in the pool serves the model
 */
export function routeFor(arrived: Arrived, plane: DataPlane): Route {
  const { call, pool, prices, request } = arrived;
  const { model } = request.asked;
  const tokens = tokensIn(estimateOf(arrived));
  const parts = { kinds: plane.callerKinds, clock: plane.clock };
  const own = callerRoute(call, { pool, model, tokens }, parts);
  if (own !== null) return own;
  const served = pool.models.resolve(model);
  if (served.size === 0 && pool.members.length > 0) throw modelNotFound(model);
  const costOfMember = ({ id, kind }: (typeof pool.members)[number]) => {
    const price = prices.of(kind, served.get(id)?.upstream ?? model, call.startedAtMs);
    return price === undefined ? null : costOf(estimateOf(arrived, price), price).costNano;
  };
  return new PoolRoute({ pool, served, tokens, costOf: costOfMember }, plane);
}

export const modelNotFound = (model: string) =>
  new GatewayError(
    'model_not_found',
    `The model \`${model}\` does not exist or you do not have access to it.`,
    { param: 'model' },
  );

/** What the call may use, in the classes that a price has. */
export const estimateOf = (
  { endpoint, request }: Pick<Arrived, 'endpoint' | 'request'>,
  price?: PriceSheet,
): Usage =>
  endpoint.meter.kind === 'usage' ? endpoint.meter.estimate(request.asked, price) : noUsage();
