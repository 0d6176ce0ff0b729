import {
  getNamedType,
  getNullableType,
  isCompositeType,
  isEnumType,
  isInputObjectType,
  isListType,
  isNonNullType,
} from 'graphql';
import type { GraphQLField, GraphQLInputType } from 'graphql';

export interface RootDocument {
  query: string;
  variables: Record<string, unknown>;
}

/** The least that one root field can be asked for: arguments that must be given, and nothing told. */
export function documentOf(kind: string, field: GraphQLField<unknown, unknown>): RootDocument {
  const given = field.args.filter(
    ({ type, defaultValue }) => isNonNullType(type) && defaultValue === undefined,
  );
  const variables = Object.fromEntries(given.map(({ name, type }) => [name, dummy(type)]));
  const declared = given.map(({ name, type }) => `$${name}: ${String(type)}`).join(', ');
  const passed = given.map(({ name }) => `${name}: $${name}`).join(', ');
  const selection = isCompositeType(getNamedType(field.type)) ? ' { __typename }' : '';
  const head = declared === '' ? kind : `${kind} (${declared})`;
  const call = passed === '' ? field.name : `${field.name}(${passed})`;
  return { query: `${head} { ${call}${selection} }`, variables };
}

const SCALARS: Readonly<Record<string, unknown>> = {
  Int: 1,
  Float: 1,
  Boolean: true,
  USD: '1',
  SafeInt: 1,
  DateTime: '2026-01-01T00:00:00Z',
  JSON: {},
  JSONObject: {},
};

/** Something of the type; texts name nothing that there is. */
function dummy(type: GraphQLInputType): unknown {
  const bare = getNullableType(type);
  if (isListType(bare)) return [];
  if (isEnumType(bare)) return bare.getValues()[0]?.name;
  if (!isInputObjectType(bare)) return SCALARS[bare.name] ?? 'nobody';
  const fields = Object.values(bare.getFields());
  const given = fields.filter(
    (field) => isNonNullType(field.type) && field.defaultValue === undefined,
  );
  return Object.fromEntries(given.map((field) => [field.name, dummy(field.type)]));
}
