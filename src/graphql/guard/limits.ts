import type { GraphQLError, OperationDefinitionNode } from 'graphql';
import { GatewayError } from '../../errors/gateway-error.ts';
import { graphqlErrorAt } from '../errors.ts';
import type { Measure } from './measure.ts';

/** Tokens of a document; it is not read any further. */
export const TOKENS_MAX = 2000;

interface Limit {
  /** As `extensions.param` names it. */
  name: string;
  of: keyof Measure;
  max: number;
  what: string;
}

/** What one operation may ask for (trust §3). `docs/graphql.md` says the same to operators. */
export const LIMITS: readonly Limit[] = [
  { name: 'depth', of: 'depth', max: 8, what: 'fields one under another' },
  { name: 'aliases', of: 'aliases', max: 15, what: 'aliases' },
  { name: 'rootFields', of: 'fields', max: 10, what: 'fields at its root' },
  { name: 'directives', of: 'directives', max: 20, what: 'directives' },
  {
    name: 'first',
    of: 'longest',
    max: 100,
    what: 'things in one page, or in a list of an argument',
  },
  // A page of a hundred keys with owners and budgets is some 3000; a hundred times a hundred is not.
  { name: 'cost', of: 'cost', max: 5000, what: 'things in its answer, each list at its longest' },
];

/** One error for each limit that the operation is beyond. */
export const excesses = (
  measure: Measure,
  operation: OperationDefinitionNode,
): readonly GraphQLError[] =>
  LIMITS.filter(({ of, max }) => measure[of] > max).map(({ name, of, max, what }) => {
    const text = `An operation may have at most ${max} ${what}; this one has ${measure[of]}.`;
    const error = new GatewayError('operation_too_complex', text, { param: name });
    return graphqlErrorAt(error, '', operation);
  });
