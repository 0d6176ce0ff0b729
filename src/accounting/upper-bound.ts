import { noUsage } from '../entities/usage.ts';
import type { Usage, UsageClass } from '../entities/usage.ts';
import { GatewayError } from '../errors/gateway-error.ts';
import { outputCapFor } from './bounds/output-cap.ts';
import type { BoundAsked, BoundRule, Ceiling, Obstacles } from './bounds/rule.ts';
import { costOf, dearestClass } from './prices/cost.ts';
import { rateOf, ratesFor } from './prices/price-row.ts';
import type { PriceSheet } from './prices/price-row.ts';

export interface UpperBound {
  /** What costs that much: not what the call is likely to use. */
  readonly usage: Usage;
  readonly costNano: bigint;
  /** What `rule.capNames[0]` must be set to in the body, or the bound does not hold; null: nothing. */
  readonly outputCap: number | null;
}

const TEXT_PROMPT = ['input', 'cacheRead', 'cacheWrite'] as const;
const AUDIO_PROMPT = [...TEXT_PROMPT, 'inputAudio', 'cacheReadAudio'] as const;
const OUTPUT = ['output', 'reasoning', 'outputAudio'] as const;
/** Charged beside tokens or in their place, where the price has them. */
const UNITS = ['images', 'audioMillis', 'requests'] as const;

/**
 * The most that a call can cost at a price, known before it is sent: what no bill of a provider that
 * keeps to its own documentation exceeds. Null when the price is not known for all it may use.
 * @throws GatewayError `invalid_request` when no bound can be given, naming every field at fault
 */
export function upperBound(
  asked: BoundAsked,
  price: PriceSheet,
  rule: BoundRule,
): UpperBound | null {
  if (isFree(price)) return { usage: noUsage(), costNano: 0n, outputCap: null };
  const obstacles: Obstacles = new Map();
  const { cap, toSet } = outputCapFor(asked, rule, obstacles);
  const ceiling = rule.ceiling(asked, cap, obstacles);
  if (!Number.isSafeInteger(ceiling.output)) {
    obstacles.set(rule.capNames[0] ?? 'n', 'asks for more than can be counted');
  }
  if (obstacles.size > 0) throw unbounded(obstacles);
  let dearest: UpperBound | null = null;
  for (const prompt of promptSizes(ceiling.prompt, price)) {
    const usage = dearestUsage({ ...ceiling, prompt }, price, rule);
    if (usage === null) return null;
    const { costNano } = costOf(usage, price);
    if (dearest === null || costNano > dearest.costNano) {
      dearest = { usage, costNano, outputCap: toSet };
    }
  }
  return dearest;
}

/** The largest prompt of each tier in reach: a smaller one may be dearer where its tier is. */
const promptSizes = (most: number, { tiers }: PriceSheet): number[] => [
  ...tiers.map(({ startsAbove }) => startsAbove).filter((size) => size >= 0 && size < most),
  most,
];

/** Everything put where it is dearest in the tier of this prompt; null when that is not known. */
function dearestUsage(ceiling: Ceiling, price: PriceSheet, rule: BoundRule): Usage | null {
  const { prompt, output } = ceiling;
  const rates = ratesFor(price, prompt);
  const usage: { -readonly [usageClass in UsageClass]: number } = { ...noUsage() };
  const heard = dearestClass(price, ceiling.hasAudio ? AUDIO_PROMPT : TEXT_PROMPT, prompt);
  const said = dearestClass(price, OUTPUT, prompt);
  let isPriced =
    rateOf(rates, heard) !== undefined && (output === 0 || rateOf(rates, said) !== undefined);
  usage[heard] = prompt;
  usage[said] = output;
  for (const unit of UNITS) {
    if (rates[unit] === undefined || ceiling[unit] === undefined) continue;
    usage[unit] = ceiling[unit];
    if (!rule.isByTokens) isPriced = true;
  }
  return isPriced ? usage : null;
}

function isFree({ rates, tiers }: PriceSheet): boolean {
  const all = [rates, ...tiers.map((tier) => tier.rates)].flatMap((each) => Object.values(each));
  return all.length > 0 && all.every((rate) => rate === 0n);
}

function unbounded(obstacles: Obstacles): GatewayError {
  const list = Array.from(obstacles, ([field, why]) => `\`${field}\` ${why}`).join('; ');
  const [param] = obstacles.keys();
  return new GatewayError(
    'invalid_request',
    `A strict budget must know beforehand what a call can cost at most: ${list}.`,
    param === undefined ? {} : { param },
  );
}
