import type { AttemptNote, CallRecord } from '../../src/entities/call-record.ts';
import { noUsage } from '../../src/entities/usage.ts';
import type { Usage } from '../../src/entities/usage.ts';
import { type Chance, Urn } from './chance.ts';
import type { HouseKey, HouseModel, Offer } from './house.ts';

/** How many of a thousand calls end so. */
const OUTCOMES = new Urn(
  [
    { outcome: 'settled', share: 965 },
    { outcome: 'partial', share: 15 },
    { outcome: 'voided', share: 19 },
    { outcome: 'unknown', share: 1 },
  ] as const,
  ({ share }) => share,
);

const REFUSALS = [
  { status: 400, reason: 'upstream_refused', verdict: 'client_fault' },
  { status: 429, reason: 'upstream_rate_limited', verdict: 'rate_limited' },
  { status: 502, reason: 'upstream_error', verdict: 'upstream_error' },
];

/** A call of one of the house's keys, whole and consistent in itself. */
export function makeCall(keys: Urn<HouseKey>, chance: Chance, startedAtMs: number): CallRecord {
  const { random } = chance;
  const key = keys.draw(random);
  const model = key.models.draw(random);
  const offer = model.offers.draw(random);
  const { outcome } = OUTCOMES.draw(random);
  const durationMs = chance.skewed(offer.kind === 'vectors' ? 80 : 900);
  const isStream = offer.kind === 'text' && chance.isOneIn(2);
  const base = {
    id: chance.id(startedAtMs),
    keyId: key.id,
    poolId: key.pool.id,
    userId: key.userId,
    teamId: key.teamId,
    endpoint: offer.endpoint,
    model: model.name,
    isStream,
    startedAtMs,
    isPriced: true,
  };
  if (outcome === 'unknown') return lost(base, chance);
  const usage = outcome === 'voided' ? noUsage() : usageOf(offer, chance);
  const costNano = costOf(usage, model);
  const refusal = outcome === 'voided' ? REFUSALS[chance.whole(0, REFUSALS.length - 1)] : undefined;
  const { order, attempts } = wayOf(key, chance, {
    status: refusal?.status ?? 200,
    verdict: refusal?.verdict ?? 'served',
    ms: durationMs,
  });
  return {
    ...base,
    credentialId: attempts.at(-1)?.credential ?? '',
    durationMs,
    firstByteMs: refusal === undefined ? Math.ceil(durationMs / 4) : null,
    status: refusal?.status ?? 200,
    outcome,
    reason: refusal?.reason ?? (outcome === 'partial' ? 'client_disconnected' : 'ok'),
    attempts,
    route: { strategy: key.pool.strategy, order, excluded: [] },
    usage,
    usageSource: outcome === 'voided' ? 'none' : 'reported',
    costNano,
    priceId: outcome === 'voided' ? '' : `synthetic-${model.name}`,
    holdNano: costNano * 2n + 1000n,
  };
}

type Base = Pick<
  CallRecord,
  | 'id'
  | 'keyId'
  | 'poolId'
  | 'userId'
  | 'teamId'
  | 'endpoint'
  | 'model'
  | 'isStream'
  | 'startedAtMs'
  | 'isPriced'
>;

/** Its process died: charged at the hold. */
function lost(base: Base, chance: Chance): CallRecord {
  const holdNano = BigInt(chance.skewed(2_000_000));
  return {
    ...base,
    credentialId: '',
    durationMs: 0,
    firstByteMs: null,
    status: 0,
    outcome: 'unknown',
    reason: 'process_died',
    attempts: [],
    route: null,
    usage: noUsage(),
    usageSource: 'none',
    costNano: holdNano,
    priceId: '',
    holdNano,
  };
}

/** One in thirty was sent on to a second credential. */
function wayOf(key: HouseKey, chance: Chance, last: Omit<AttemptNote, 'credential'>) {
  const ids = key.pool.credentialIds;
  const first = chance.whole(0, ids.length - 1);
  const order = [...ids.slice(first), ...ids.slice(0, first)];
  const [one = '', other = ''] = order;
  const attempts: AttemptNote[] = chance.isOneIn(30)
    ? [
        { credential: one, status: 429, verdict: 'rate_limited', ms: 40 },
        { credential: other, ...last },
      ]
    : [{ credential: one, ...last }];
  return { order, attempts };
}

const USAGES: Record<Offer['kind'], (chance: Chance) => Partial<Usage>> = {
  text: (chance) => {
    const input = chance.skewed(700);
    const cacheRead = chance.isOneIn(4) ? Math.floor(input / 2) : 0;
    return {
      input: input - cacheRead,
      cacheRead,
      output: chance.skewed(220),
      reasoning: chance.isOneIn(6) ? chance.skewed(400) : 0,
    };
  },
  vectors: (chance) => ({ input: chance.skewed(1500) }),
  images: (chance) => ({ images: chance.whole(1, 4), requests: 1 }),
  speech: (chance) => ({ audioMillis: chance.skewed(20_000) }),
};

const usageOf = ({ kind }: Offer, chance: Chance): Usage => ({
  ...noUsage(),
  ...USAGES[kind](chance),
});

function costOf(usage: Usage, { nanoPerInput, nanoPerOutput }: HouseModel): bigint {
  const read = usage.input * nanoPerInput + Math.ceil((usage.cacheRead * nanoPerInput) / 10);
  const made = (usage.output + usage.reasoning) * nanoPerOutput;
  return BigInt(read + made + usage.images * 40_000_000 + usage.audioMillis * 15);
}
