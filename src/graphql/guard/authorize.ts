import {
  TypeInfo,
  getNamedType,
  isAbstractType,
  isCompositeType,
  isIntrospectionType,
  visit,
  visitWithTypeInfo,
} from 'graphql';
import type {
  ASTNode,
  FieldNode,
  FragmentDefinitionNode,
  GraphQLCompositeType,
  GraphQLError,
  GraphQLObjectType,
  GraphQLSchema,
  OperationDefinitionNode,
} from 'graphql';
import { GatewayError } from '../../errors/gateway-error.ts';
import { hasRole } from '../../services/actor.ts';
import type { Actor, Role } from '../../services/actor.ts';
import { operations, types } from '../../services/policy.ts';
import { graphqlErrorAt } from '../errors.ts';

export interface OperationParts {
  schema: GraphQLSchema;
  operation: OperationDefinitionNode;
  fragments: ReadonlyMap<string, FragmentDefinitionNode>;
}

/** A field that is not for everybody: `Query.keys`, `VirtualKey.hint`. */
interface Guarded {
  coordinate: string;
  node: FieldNode;
  /** Roles of the policy that are needed all together; null: the policy does not know the field. */
  least: readonly (Role | null)[];
}

const TYPENAME = '__typename';

/** One error for each field of the operation that the actor's role is not enough for. */
export function denials(
  parts: OperationParts,
  actor: Actor,
  { isIntrospectable }: { isIntrospectable: boolean },
): GraphQLError[] {
  const errors = new Map<string, GraphQLError>();
  for (const { coordinate, node, least } of guardedFields(parts)) {
    const reason =
      node.name.value.startsWith('__') && !isIntrospectable
        ? `${coordinate} cannot be asked for here.`
        : denial(coordinate, least, actor);
    if (reason === null || errors.has(coordinate)) continue;
    const error = new GatewayError('permission_denied', reason, { param: coordinate });
    errors.set(coordinate, graphqlErrorAt(error, actor.requestId ?? '', node));
  }
  return [...errors.values()];
}

function denial(coordinate: string, least: Guarded['least'], actor: Actor): string | null {
  const wanting = least.find((role) => role === null || !hasRole(actor, role));
  if (wanting === undefined) return null;
  // What nobody has allowed is for nobody.
  return wanting === null
    ? `${coordinate} is not in the policy.`
    : `${coordinate} needs the role ${wanting}.`;
}

/** Every field of the operation, each fragment read once however often it is spread. */
function guardedFields({ schema, operation, fragments }: OperationParts): Guarded[] {
  const found: Guarded[] = [];
  const seen = new Set<string>();
  const waiting: ASTNode[] = [operation];
  for (let root = waiting.pop(); root !== undefined; root = waiting.pop()) {
    const typeInfo = new TypeInfo(schema);
    const visitor = {
      Field(node: FieldNode) {
        const parent = typeInfo.getParentType();
        const type = typeInfo.getType();
        if (!parent || node.name.value === TYPENAME || isIntrospectionType(parent)) return;
        const coordinate = `${parent.name}.${node.name.value}`;
        const told = type ? getNamedType(type) : null;
        const least = [
          ...leastForField(schema, parent, node.name.value),
          ...(isCompositeType(told) ? [rowOf(told.name)] : []),
        ];
        found.push({ coordinate, node, least });
      },
      FragmentSpread({ name }: { name: { value: string } }) {
        const fragment = fragments.get(name.value);
        if (fragment === undefined || seen.has(name.value)) return;
        seen.add(name.value);
        waiting.push(fragment);
      },
    };
    visit(root, visitWithTypeInfo(typeInfo, visitor));
  }
  return found;
}

function leastForField(
  schema: GraphQLSchema,
  parent: GraphQLCompositeType,
  field: string,
): (Role | null)[] {
  const isRoot = [
    schema.getQueryType(),
    schema.getMutationType(),
    schema.getSubscriptionType(),
  ].includes(parent as GraphQLObjectType);
  // The schema is for everybody who is anybody.
  if (isRoot && field.startsWith('__')) return [];
  if (isRoot) return [(operations as Readonly<Record<string, Role>>)[field] ?? null];
  // What an interface or union has may be any of its types.
  const owners = isAbstractType(parent) ? [parent, ...schema.getPossibleTypes(parent)] : [parent];
  return owners.flatMap(({ name }) => {
    const ofField = types[`${name}.${field}`];
    return ofField === undefined ? [rowOf(name)] : [rowOf(name), ofField];
  });
}

/** Types of introspection are told to whoever may ask for the schema. */
const rowOf = (name: string): Role | null =>
  name.startsWith('__') ? 'user' : (types[name] ?? null);
