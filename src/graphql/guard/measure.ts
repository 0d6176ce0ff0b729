import {
  GraphQLList,
  Kind,
  SchemaMetaFieldDef,
  TypeMetaFieldDef,
  TypeNameMetaFieldDef,
  getArgumentValues,
  getNamedType,
  getNullableType,
  isCompositeType,
  isInputObjectType,
  isListType,
  typeFromAST,
} from 'graphql';
import type {
  FieldNode,
  GraphQLCompositeType,
  GraphQLField,
  GraphQLInputType,
  SelectionNode,
  SelectionSetNode,
} from 'graphql';
import type { OperationParts } from './authorize.ts';

/** How much is asked for, each fragment counted as often as it is spread. */
export interface Measure {
  /** Fields side by side at this level. */
  fields: number;
  /** Fields one under another. */
  depth: number;
  aliases: number;
  directives: number;
  /** Things that are made for the answer, at most: each list as long as it may be. */
  cost: number;
  /** The longest list in an argument, or the longest list that one asks for with `first`. */
  longest: number;
}

const NOTHING: Measure = { fields: 0, depth: 0, aliases: 0, directives: 0, cost: 0, longest: 0 };

/** Lists that say nothing of their length are taken to be this long. */
const USUAL_LENGTH = 10;

const PAGE = /(?:Connection)$/;

/**
 * Fields that read the ledger for each thing that they are asked of, statement after statement, which
 * all others wait for: each counts as so many things.
 */
export const DEAR: Readonly<Record<string, number>> = {
  'Budget.explain': 200,
  'UsageStats.recent': 50,
  'UsageStats.series': 100,
};

type Variables = Readonly<Record<string, unknown>>;

/** @param variables as GraphQL has coerced them */
export function measured(parts: OperationParts, variables: Variables): Measure {
  const { schema, operation } = parts;
  const root = schema.getRootType(operation.operation);
  if (!root) return NOTHING;
  const all = new Ruler(parts, variables).ofSelections(operation.selectionSet, root);
  return { ...all, directives: all.directives + (operation.directives?.length ?? 0) };
}

/** Each fragment is measured once, so that fragments of fragments cost us no more than they say. */
class Ruler {
  readonly #parts: OperationParts;
  readonly #variables: Variables;
  readonly #fragments = new Map<string, Measure>();

  constructor(parts: OperationParts, variables: Variables) {
    this.#parts = parts;
    this.#variables = variables;
  }

  ofSelections({ selections }: SelectionSetNode, parent: GraphQLCompositeType): Measure {
    return selections.reduce((sum, selection) => {
      const one = this.#ofSelection(selection, parent);
      return sideBySide(sum, { ...one, directives: one.directives + count(selection.directives) });
    }, NOTHING);
  }

  #ofSelection(selection: SelectionNode, parent: GraphQLCompositeType): Measure {
    if (selection.kind === Kind.FIELD) return this.#ofField(selection, parent);
    if (selection.kind === Kind.FRAGMENT_SPREAD) return this.#ofFragment(selection.name.value);
    const { typeCondition, selectionSet } = selection;
    const type = typeCondition ? typeFromAST(this.#parts.schema, typeCondition) : parent;
    return isCompositeType(type) ? this.ofSelections(selectionSet, type) : NOTHING;
  }

  #ofFragment(name: string): Measure {
    const known = this.#fragments.get(name);
    if (known !== undefined) return known;
    // Stands for one that spreads itself, which GraphQL's own rules refuse.
    this.#fragments.set(name, NOTHING);
    const fragment = this.#parts.fragments.get(name);
    if (fragment === undefined) return NOTHING;
    const type = typeFromAST(this.#parts.schema, fragment.typeCondition);
    const measure = isCompositeType(type)
      ? this.ofSelections(fragment.selectionSet, type)
      : NOTHING;
    const own = { ...measure, directives: measure.directives + count(fragment.directives) };
    this.#fragments.set(name, own);
    return own;
  }

  #ofField(node: FieldNode, parent: GraphQLCompositeType): Measure {
    const field = fieldOf(parent, node.name.value);
    const type = field === undefined ? undefined : getNamedType(field.type);
    const inner =
      node.selectionSet !== undefined && isCompositeType(type)
        ? this.ofSelections(node.selectionSet, type)
        : NOTHING;
    const aliases = inner.aliases + (node.alias === undefined ? 0 : 1);
    // The schema is in memory, and its own depth is bounded by GraphQL's own rules.
    if (field === undefined || field.name.startsWith('__')) {
      return { ...inner, fields: 1, depth: 1, cost: 0, aliases };
    }
    const values = this.#argumentsOf(field, node);
    return {
      ...inner,
      fields: 1,
      depth: inner.depth + 1,
      aliases,
      cost: isCompositeType(type) ? costOf(field, parent, { values, inner: inner.cost }) : 0,
      longest: Math.max(inner.longest, longestOf(field, values)),
    };
  }

  #argumentsOf(field: GraphQLField<unknown, unknown>, node: FieldNode): Variables {
    try {
      return getArgumentValues(field, node, this.#variables);
    } catch {
      // The execution says what is wrong with them.
      return {};
    }
  }
}

const count = (list: readonly unknown[] | undefined): number => list?.length ?? 0;

const sideBySide = (left: Measure, right: Measure): Measure => ({
  fields: left.fields + right.fields,
  depth: Math.max(left.depth, right.depth),
  aliases: left.aliases + right.aliases,
  directives: left.directives + right.directives,
  cost: left.cost + right.cost,
  longest: Math.max(left.longest, right.longest),
});

const META = [SchemaMetaFieldDef, TypeMetaFieldDef, TypeNameMetaFieldDef];

const fieldOf = (
  parent: GraphQLCompositeType,
  name: string,
): GraphQLField<unknown, unknown> | undefined =>
  META.find((meta) => meta.name === name) ??
  ('getFields' in parent ? parent.getFields()[name] : undefined);

/** One for the thing, and what is asked of it; of each where it is a list. */
function costOf(
  field: GraphQLField<unknown, unknown>,
  parent: GraphQLCompositeType,
  { values, inner }: { values: Variables; inner: number },
): number {
  const { first } = values;
  const asked = typeof first === 'number' ? Math.max(first, 1) : null;
  const own = DEAR[`${parent.name}.${field.name}`] ?? 0;
  if (!isListType(getNullableType(field.type))) return own + 1 + (asked ?? 1) * inner;
  // A page is as long as was asked for, which its connection has counted already.
  return own + (PAGE.test(parent.name) ? 1 : (asked ?? USUAL_LENGTH)) * (1 + inner);
}

function longestOf(field: GraphQLField<unknown, unknown>, values: Variables): number {
  const { first } = values;
  const lists = field.args.map(({ name, type }) => longestIn(values[name], type));
  return Math.max(typeof first === 'number' ? first : 0, ...lists);
}

/** The longest list in an input; what scalars hold is theirs to bound. */
function longestIn(value: unknown, type: GraphQLInputType): number {
  const bare = getNullableType(type);
  if (bare instanceof GraphQLList && Array.isArray(value)) {
    const { ofType } = bare;
    return value.reduce<number>(
      (most, one) => Math.max(most, longestIn(one, ofType)),
      value.length,
    );
  }
  if (!isInputObjectType(bare) || typeof value !== 'object' || value === null) return 0;
  const fields = Object.values(bare.getFields());
  const given = value as Record<string, unknown>;
  return Math.max(0, ...fields.map((field) => longestIn(given[field.name], field.type)));
}
