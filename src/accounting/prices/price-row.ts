import { hash } from 'node:crypto';
import type { PriceSource } from '../../entities/price-source.ts';
import type { Usage, UsageClass } from '../../entities/usage.ts';
import { newId } from '../../lib/ids.ts';

/**
 * Nano-USD per million units of a class: tokens, pictures, milliseconds or requests. A class that
 * is absent has no price of its own; one that is free is present with 0.
 */
export type PriceRates = { readonly [usageClass in UsageClass]?: bigint };

/** Rates that replace the base rates, all of them, for every token of a call above the threshold. */
export interface PriceTier {
  /** Holds for calls with more prompt tokens than this, cached and audio ones included. */
  readonly startsAbove: number;
  readonly rates: PriceRates;
}

/** Base rates and tiers by rising threshold. */
export interface PriceSheet {
  readonly rates: PriceRates;
  readonly tiers: readonly PriceTier[];
}

/** One version of a model's price. Immutable. */
export interface PriceRow extends PriceSheet {
  /**
   * Derived from all other fields, so that the same price has the same id at every start; an
   * operator's, which is made once, sorts after those that were set before.
   */
  readonly id: string;
  readonly provider: string;
  /** The catalogue's id, or the name as configured. */
  readonly model: string;
  /** Epoch milliseconds; 0 when it always held. */
  readonly validFromMs: number;
  readonly source: PriceSource;
  /** Where it came from: the catalogue's release, `config`, or `operator`. */
  readonly version: string;
}

/** A row with its id. Rates are bigints, which JSON spells as text here. */
export function identified(row: Omit<PriceRow, 'id'>): PriceRow {
  const text = JSON.stringify([
    row.provider,
    row.model,
    row.validFromMs,
    row.source,
    sheetJson(row),
  ]);
  return { id: `pr_${hash('sha256', text, 'hex').slice(0, 24)}`, ...row };
}

/** A row with an id of its own: whoever sets the same price twice has set two. */
export const newlySet = (row: Omit<PriceRow, 'id'>): PriceRow => ({ id: `pr_${newId()}`, ...row });

/** A sheet as plain JSON, for the database. */
export function sheetJson({ rates, tiers }: PriceSheet) {
  return {
    rates: ratesJson(rates),
    tiers: tiers.map((tier) => ({ startsAbove: tier.startsAbove, rates: ratesJson(tier.rates) })),
  };
}

/** What `sheetJson` was made of. */
export const sheetFromJson = ({ rates, tiers }: ReturnType<typeof sheetJson>): PriceSheet => ({
  rates: ratesFromJson(rates),
  tiers: tiers.map((tier) => ({ ...tier, rates: ratesFromJson(tier.rates) })),
});

const ratesFromJson = (rates: Record<string, string>): PriceRates =>
  Object.fromEntries(Object.entries(rates).map(([name, rate]) => [name, BigInt(rate)]));

function ratesJson(rates: PriceRates): Record<string, string> {
  return Object.fromEntries(Object.entries(rates).map(([name, rate]) => [name, String(rate)]));
}

/**
 * What a class without a rate of its own costs, first match first. Cached and written prompt
 * tokens are at worst charged as fresh ones, reasoning as output: a gap is never free.
 */
const fallbacks: { readonly [usageClass in UsageClass]?: readonly UsageClass[] } = {
  cacheRead: ['input'],
  cacheWrite: ['input'],
  reasoning: ['output'],
  inputAudio: ['input'],
  cacheReadAudio: ['cacheRead', 'inputAudio', 'input'],
  outputAudio: ['output'],
};

/** The rate a class is charged at, its own or the one it falls back to. */
export function rateOf(rates: PriceRates, usageClass: UsageClass): bigint | undefined {
  const own = rates[usageClass];
  if (own !== undefined) return own;
  for (const other of fallbacks[usageClass] ?? []) {
    const rate = rates[other];
    if (rate !== undefined) return rate;
  }
  return undefined;
}

/** The rates for a call with so many prompt tokens. */
export function ratesFor(sheet: PriceSheet, promptTokens: number): PriceRates {
  let { rates } = sheet;
  for (const tier of sheet.tiers) {
    if (promptTokens > tier.startsAbove) rates = tier.rates;
  }
  return rates;
}

/** All prompt tokens of a call, which is what tiers are measured by. */
export function promptTokensOf(usage: Usage): number {
  return usage.input + usage.cacheRead + usage.cacheWrite + usage.inputAudio + usage.cacheReadAudio;
}
