import { Kind, getOperationAST, getVariableValues } from 'graphql';
import type { DocumentNode, FragmentDefinitionNode, GraphQLError, GraphQLSchema } from 'graphql';
import type { Actor } from '../../services/actor.ts';
import { badVariables } from '../errors.ts';
import { denials } from './authorize.ts';
import { excesses } from './limits.ts';
import { measured } from './measure.ts';

/** A document that is valid, and who wants it executed. */
export interface Wanted {
  document: DocumentNode;
  operationName?: string | null | undefined;
  variables?: Readonly<Record<string, unknown>> | null | undefined;
  actor: Actor;
}

export interface JudgeRules {
  /** Whether the schema may be asked for. */
  isIntrospectable: boolean;
}

/** Why an operation is not executed; empty when nothing speaks against it. */
export type Judge = (wanted: Wanted) => readonly GraphQLError[];

/**
 * What is asked of every operation before it is executed, whichever way it came: may the actor see
 * every field of it, do the variables fit, and is it of a size that one caller may ask for. GraphQL's
 * own rules come first; an operation that cannot be determined is left to the execution.
 */
export const createJudge =
  (schema: GraphQLSchema, rules: JudgeRules): Judge =>
  ({ document, operationName, variables, actor }) => {
    const operation = getOperationAST(document, operationName);
    if (operation === undefined || operation === null) return [];
    const parts = { schema, operation, fragments: fragmentsOf(document) };
    const denied = denials(parts, actor, rules);
    if (denied.length > 0) return denied;
    const { variableDefinitions = [] } = operation;
    const values = getVariableValues(schema, variableDefinitions, variables ?? {});
    if (values.coerced === undefined) return badVariables(values.errors);
    return excesses(measured(parts, values.coerced), operation);
  };

const fragmentsOf = ({ definitions }: DocumentNode): ReadonlyMap<string, FragmentDefinitionNode> =>
  new Map(
    definitions.flatMap((definition) =>
      definition.kind === Kind.FRAGMENT_DEFINITION ? [[definition.name.value, definition]] : [],
    ),
  );
