import type { BoundAsked, BoundRule, Obstacles } from './rule.ts';

/** Every name that a cap of the output goes by. */
const CAP_NAMES = ['max_completion_tokens', 'max_output_tokens', 'max_tokens'];

/**
 * The cap that the upstream heeds, and the one to set for it where it would heed none. A cap under a
 * name that it does not know is set again under one that it knows.
 */
export function outputCapFor(
  { fields }: BoundAsked,
  rule: BoundRule,
  obstacles: Obstacles,
): { cap: number; toSet: number | null } {
  const told = (names: readonly string[]): number[] =>
    names.flatMap((name) => {
      const value = fields[name];
      if (value === undefined || value === null) return [];
      if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 1) return [value];
      obstacles.set(name, 'must be a whole number from 1');
      return [];
    });
  if (rule.capNames.length === 0) return { cap: 0, toSet: null };
  const heeded = told(rule.capNames);
  if (heeded.length > 0) return { cap: Math.max(...heeded), toSet: null };
  const others = told(CAP_NAMES);
  const cap = others.length > 0 ? Math.max(...others) : rule.capDefault;
  return { cap, toSet: cap };
}
