import { boundRules } from '../accounting/bounds/rules.ts';
import { outputCapFor } from '../accounting/bounds/output-cap.ts';
import type { BoundAsked, BoundRule } from '../accounting/bounds/rule.ts';
import { costOf } from '../accounting/prices/cost.ts';
import { upperBound } from '../accounting/upper-bound.ts';
import { GatewayError } from '../errors/gateway-error.ts';
import type { Served } from '../pool/served.ts';
import type { UpstreamKind } from '../pool/upstream-kind.ts';
import type { Arrived } from './data-plane.ts';
import { invalid } from './read-request.ts';
import { estimateOf } from './route-for.ts';

/** Room for what we add to a body besides the model's name and what its rule sets. */
const ADDED_BYTES = 256;

/**
 * What the call will probably cost at the dearest of those that could serve it; null when none of them
 * has a price for it.
 */
export function estimatedHold(arrived: Arrived): bigint | null {
  const { call, endpoint, pool, prices, request } = arrived;
  if (endpoint.meter.kind !== 'usage') return endpoint.meter.kind === 'free' ? 0n : null;
  let dearest: bigint | null = null;
  for (const { kind, upstream } of pool.offers(pool.models.resolve(request.asked.model))) {
    const price = prices.of(kind, upstream, call.startedAtMs);
    if (price === undefined) continue;
    const { costNano } = costOf(estimateOf(arrived, price), price);
    if (dearest === null || costNano > dearest) dearest = costNano;
  }
  return dearest;
}

/**
 * The most that the call can cost, whoever serves it (trust M6).
 * @throws GatewayError `model_not_priced` when one of those has no price for it; `invalid_request`
 * when the call has no upper bound, naming every field at fault
 */
export function provableHold(arrived: Arrived): bigint {
  const { call, endpoint, pool, prices, request } = arrived;
  if (endpoint.meter.kind === 'free') return 0n;
  if (endpoint.meter.kind === 'unpriced') throw notPriced(`calls to ${endpoint.id}`);
  let dearest = 0n;
  const served = pool.models.resolve(request.asked.model);
  const seen: [UpstreamKind, Served][] = [];
  for (const { id, kind } of pool.members) {
    const as = served.get(id);
    if (as === undefined || seen.some((one) => isSame(one, kind, as))) continue;
    seen.push([kind, as]);
    const price = prices.of(kind, as.upstream, call.startedAtMs);
    const asked = boundAsked(arrived, as);
    const bound =
      price === undefined ? null : upperBound(asked, price, boundRuleOf(endpoint.id, kind));
    if (bound === null) throw notPriced(`the model \`${as.upstream}\` at ${kind.id}`);
    if (bound.costNano > dearest) dearest = bound.costNano;
  }
  return dearest;
}

/** What must be set in the body so that the provable hold holds; null when nothing must. */
export function outputCapField(
  arrived: Pick<Arrived, 'call' | 'endpoint' | 'request'>,
  kind: UpstreamKind,
  served: Served,
): Record<string, number> | null {
  if (arrived.endpoint.meter.kind !== 'usage') return null;
  const rule = boundRuleOf(arrived.endpoint.id, kind);
  const { toSet } = outputCapFor(boundAsked(arrived, served), rule, new Map());
  const [name] = rule.capNames;
  return toSet === null || name === undefined ? null : { [name]: toSet };
}

const isSame = ([kind, one]: [UpstreamKind, Served], other: UpstreamKind, served: Served) =>
  kind === other && one.upstream === served.upstream && one.set === served.set;

function boundRuleOf(endpointId: string, { chatCapNames }: UpstreamKind): BoundRule {
  const rule = boundRules[endpointId];
  if (rule === undefined) throw new Error(`${endpointId} has a price, but no bound`);
  const isOwn = endpointId === 'chat.completions' && chatCapNames !== undefined;
  return isOwn ? { ...rule, capNames: chatCapNames } : rule;
}

/** The request as it will be sent, what our rules set included. */
function boundAsked(
  { call, request }: Pick<Arrived, 'call' | 'request'>,
  { upstream, set }: Served,
): BoundAsked {
  const { asked, body } = request;
  const bytes = body.kind === 'stream' ? call.contentLength : asked.bytes;
  if (bytes === null) {
    throw invalid(
      'A strict budget must know the size of the body: send its Content-Length.',
      'content-length',
    );
  }
  const added = ADDED_BYTES + upstream.length + (set === null ? 0 : JSON.stringify(set).length);
  const fields = set === null ? asked.fields : { ...asked.fields, ...set };
  return { model: upstream, fields, bytes: bytes + added };
}

const notPriced = (what: string) =>
  new GatewayError(
    'model_not_priced',
    `A strict budget must know prices: that of ${what} is not known.`,
    { param: 'model' },
  );
