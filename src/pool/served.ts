import type { ModelRule } from '../entities/pool-policy.ts';
import { ModelPattern } from './model-pattern.ts';
import type { RuleGroup } from './model-rules.ts';

/** How a member serves a model. */
export interface Served {
  /** As its provider is told. */
  readonly upstream: string;
  /** Top-level fields to set in the body. */
  readonly set: Readonly<Record<string, unknown>> | null;
  /** Limits of the upstream model in the whole pool. */
  readonly rpm: number | null;
  readonly tpm: number | null;
}

/**
 * An exact rule renames always, a wildcard one only what nobody it concerns is known to have: a real
 * `x-thinking` is not taken for an `x` that shall think. Undefined when no name is left.
 */
export function serve(
  model: string,
  { group, rule, isKnown }: { group: RuleGroup; rule: ModelRule; isKnown: boolean },
): Served | undefined {
  const { rpm, tpm } = rule;
  if (rule.upstream === null || (isKnown && !group.pattern.isExact)) {
    return { upstream: model, set: null, rpm, tpm };
  }
  const upstream = new ModelPattern(rule.upstream).fill(group.pattern.match(model) ?? []);
  return upstream === '' ? undefined : { upstream, set: rule.set, rpm, tpm };
}
