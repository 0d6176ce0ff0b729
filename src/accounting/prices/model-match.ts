import type { MatchLogic } from '@pydantic/genai-prices';

/** A test on a model name in lower case. Texts are lower case; patterns are compiled once. */
export type MatchClause =
  | { readonly kind: 'equals' | 'starts_with' | 'ends_with' | 'contains'; readonly text: string }
  | { readonly kind: 'regex'; readonly pattern: RegExp }
  | { readonly kind: 'or' | 'and'; readonly clauses: readonly MatchClause[] };

/** Names that belong to a model besides its id. The first matcher of a provider that fits wins. */
export interface ModelMatcher {
  /** Who is asked for the model. */
  readonly provider: string;
  /** Whose price list it is on: another provider's for resellers, such as Azure with OpenAI's. */
  readonly pricedBy: string;
  readonly model: string;
  readonly clause: MatchClause;
}

/** Our form of the catalogue's clause. */
export function clauseFrom(logic: MatchLogic): MatchClause {
  if ('or' in logic) return { kind: 'or', clauses: logic.or.map(clauseFrom) };
  if ('and' in logic) return { kind: 'and', clauses: logic.and.map(clauseFrom) };
  if ('equals' in logic) return { kind: 'equals', text: logic.equals.toLowerCase() };
  if ('starts_with' in logic) return { kind: 'starts_with', text: logic.starts_with.toLowerCase() };
  if ('ends_with' in logic) return { kind: 'ends_with', text: logic.ends_with.toLowerCase() };
  if ('contains' in logic) return { kind: 'contains', text: logic.contains.toLowerCase() };
  return { kind: 'regex', pattern: new RegExp(logic.regex) };
}

export function matches(clause: MatchClause, name: string): boolean {
  switch (clause.kind) {
    case 'equals':
      return name === clause.text;
    case 'starts_with':
      return name.startsWith(clause.text);
    case 'ends_with':
      return name.endsWith(clause.text);
    case 'contains':
      return name.includes(clause.text);
    case 'regex':
      return clause.pattern.test(name);
    case 'or':
      return clause.clauses.some((part) => matches(part, name));
  }
  return clause.clauses.every((part) => matches(part, name));
}

const COMPACT_DATE = /-(20\d{2})(0[1-9]|1[0-2])(0[1-9]|[12]\d|3[01])(?=-|:|$)/g;

/** `-20250615` as `-2025-06-15`: gateways write release dates either way, the catalogue one. */
export function withDashedDates(name: string): string {
  return name.replace(COMPACT_DATE, '-$1-$2-$3');
}
