import type { BoundRule } from '../../../../src/accounting/bounds/rule.ts';
import { boundRules } from '../../../../src/accounting/bounds/rules.ts';
import type { PriceRates, PriceSheet } from '../../../../src/accounting/prices/price-row.ts';
import { upperBound } from '../../../../src/accounting/upper-bound.ts';

export type Fields = Record<string, unknown>;

export function ruleOf(endpoint: string): BoundRule {
  const rule = boundRules[endpoint];
  if (rule === undefined) throw new Error(`no rule for ${endpoint}`);
  return rule;
}

/** As read from a body: its size is that of its JSON unless given. */
export const asked = (fields: Fields, bytes = Buffer.byteLength(JSON.stringify(fields))) => ({
  model: typeof fields['model'] === 'string' ? fields['model'] : 'm',
  fields,
  bytes,
});

export const flat = (rates: PriceRates): PriceSheet => ({ rates, tiers: [] });

export const boundOf = (endpoint: string, fields: Fields, price: PriceSheet, bytes?: number) =>
  upperBound(asked(fields, bytes), price, ruleOf(endpoint));
