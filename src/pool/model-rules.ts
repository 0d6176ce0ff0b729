import type { ModelRule } from '../entities/pool-policy.ts';
import { ModelPattern } from './model-pattern.ts';

/** The rules of one name. Several say what it means for different credentials or providers. */
export interface RuleGroup {
  readonly pattern: ModelPattern;
  readonly rules: readonly ModelRule[];
}

const NO_RULE: ModelRule = {
  name: '*',
  upstream: null,
  set: null,
  credentials: null,
  provider: null,
  isListed: false,
  rpm: null,
  tpm: null,
};
/** For names without rules: everybody, as asked, without limits. */
const UNRULED: RuleGroup = { pattern: new ModelPattern('*'), rules: [NO_RULE] };

const mostSpecificFirst = (a: ModelPattern, b: ModelPattern): number =>
  Number(b.isAnchored) - Number(a.isAnchored) || b.literalChars - a.literalChars;

/** A pool's model rules, the most specific first. */
export class ModelRules {
  readonly #exact = new Map<string, RuleGroup>();
  readonly #wildcards: readonly RuleGroup[];

  constructor(rules: readonly ModelRule[]) {
    const patterns = rules.map((rule) => ({ rule, pattern: new ModelPattern(rule.name) }));
    const byKey = Map.groupBy(patterns, ({ pattern }) => pattern.key);
    const groups = [...byKey.values()].flatMap((same) =>
      same.slice(0, 1).map(({ pattern }) => ({ pattern, rules: same.map(({ rule }) => rule) })),
    );
    for (const group of groups) {
      if (group.pattern.isExact) this.#exact.set(group.pattern.text, group);
    }
    this.#wildcards = groups
      .filter(({ pattern }) => !pattern.isExact)
      .toSorted((a, b) => mostSpecificFirst(a.pattern, b.pattern));
  }

  /**
   * Exact names come first, then anchored ones (`sber/*` before the longer `*gigachat*`), then
   * more literal characters, then what is earlier in the list.
   */
  find(model: string): RuleGroup {
    if (model === '') return UNRULED;
    const exact = this.#exact.get(model);
    if (exact !== undefined) return exact;
    return this.#wildcards.find(({ pattern }) => pattern.match(model) !== null) ?? UNRULED;
  }

  exactNames(): Iterable<string> {
    return this.#exact.keys();
  }

  /** Wildcard rules under whose names `GET /v1/models` shows what they match upstream. */
  listed(): ListedRule[] {
    return this.#wildcards.flatMap(({ pattern: name, rules }) =>
      rules.flatMap((rule) => {
        if (!rule.isListed || rule.upstream === null) return [];
        const upstream = new ModelPattern(rule.upstream);
        return upstream.isExact ? [] : [{ rule, name, upstream }];
      }),
    );
  }
}

export interface ListedRule {
  readonly rule: ModelRule;
  readonly name: ModelPattern;
  readonly upstream: ModelPattern;
}
