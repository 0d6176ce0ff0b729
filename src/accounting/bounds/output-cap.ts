import type { BoundAsked, BoundRule, Obstacles } from './rule.ts';

/** Every name that a cap of the output goes by. */
const CAP_NAMES = ['max_completion_tokens', 'max_output_tokens', 'max_tokens'];

/**
 * The largest cap told, and the one to set where the upstream would heed none of them: a cap under a
 * name that it does not know is set again under one that it knows. Which of several names an
 * upstream goes by differs even between those of one kind.
 */
export function outputCapFor(
  { fields }: BoundAsked,
  rule: BoundRule,
  obstacles: Obstacles,
): { cap: number; toSet: number | null } {
  if (rule.capNames.length === 0) return { cap: 0, toSet: null };
  let most = 0;
  let isHeeded = false;
  for (const name of CAP_NAMES) {
    const value = fields[name];
    if (value === undefined || value === null) continue;
    if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 1) {
      most = Math.max(most, value);
      isHeeded ||= rule.capNames.includes(name);
    } else {
      obstacles.set(name, 'must be a whole number from 1');
    }
  }
  const cap = most === 0 ? rule.capDefault : most;
  return { cap, toSet: isHeeded ? null : cap };
}
