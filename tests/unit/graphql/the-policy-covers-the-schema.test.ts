import { describe, expect, test } from '@jest/globals';
import {
  getNamedType,
  isAbstractType,
  isCompositeType,
  isObjectType,
  parse,
  validateSchema,
} from 'graphql';
import type { GraphQLField, GraphQLObjectType } from 'graphql';
import { createJudge } from '../../../src/graphql/guard/judge.ts';
import { DEAR } from '../../../src/graphql/guard/measure.ts';
import { schemaOfDecorators } from '../../../src/graphql/schema.ts';
import { ROLES, hasRole } from '../../../src/services/actor.ts';
import type { Actor, Role } from '../../../src/services/actor.ts';
import { operations, types } from '../../../src/services/policy.ts';
import { documentOf } from '../../support/root-field.ts';

const schema = schemaOfDecorators();

const FOR_SERVICES = 'gRPC alone: for services that make calls themselves';

/** Operations that GraphQL does not offer, and why. */
const NOT_IN_GRAPHQL: Readonly<Record<string, string>> = {
  rebuildLedger: 'stands still until nobody serves: a server cannot do it to itself',
  validateKey: FOR_SERVICES,
  watchKeys: FOR_SERVICES,
  getLimits: FOR_SERVICES,
  takeLimits: FOR_SERVICES,
  settleLimits: FOR_SERVICES,
  recordUsage: FOR_SERVICES,
  reserve: FOR_SERVICES,
  extendReservation: FOR_SERVICES,
  settleReservation: FOR_SERVICES,
  releaseReservation: FOR_SERVICES,
  getReservation: FOR_SERVICES,
  credentialHealth: FOR_SERVICES,
};

test('the schema is one that GraphQL allows', () => {
  expect(validateSchema(schema)).toEqual([]);
});

interface RootField {
  kind: string;
  field: GraphQLField<unknown, unknown>;
}

const roots: [kind: string, type: GraphQLObjectType | null | undefined][] = [
  ['query', schema.getQueryType()],
  ['mutation', schema.getMutationType()],
  ['subscription', schema.getSubscriptionType()],
];

const rootFields: RootField[] = roots.flatMap(([kind, type]) =>
  Object.values(type?.getFields() ?? {}).map((field) => ({ kind, field })),
);

const isRoot = (name: string): boolean => roots.some(([, type]) => type?.name === name);

const compositeNames = Object.values(schema.getTypeMap())
  .filter((type) => isCompositeType(type) && !type.name.startsWith('__') && !isRoot(type.name))
  .map(({ name }) => name);

const leastOf = (name: string): Role | undefined =>
  (operations as Readonly<Record<string, Role>>)[name];

describe('the policy', () => {
  test('has a row for every root field, and none that is stale', () => {
    // What is asked for once and what is followed may have one name.
    const named = new Set(rootFields.map(({ field }) => field.name));
    const wanted = [...named, ...Object.keys(NOT_IN_GRAPHQL)].toSorted();
    expect(Object.keys(operations).toSorted()).toEqual(wanted);
  });

  test('has a row for every type, and none that is stale', () => {
    const ofTypes = Object.keys(types).filter((row) => !row.includes('.'));
    expect(ofTypes.toSorted()).toEqual(compositeNames.toSorted());
  });

  test('has rows for fields that there are, each stricter than their type', () => {
    for (const [row, least] of Object.entries(types)) {
      const [name = '', field] = row.split('.');
      if (field === undefined) continue;
      const type = schema.getType(name);
      const fields = isObjectType(type) ? Object.keys(type.getFields()) : [];
      expect([row, fields.includes(field)]).toEqual([row, true]);
      expect([row, ROLES.indexOf(least) > ROLES.indexOf(types[name] ?? 'admin')]).toEqual([
        row,
        true,
      ]);
    }
  });

  test('tells whoever may ask what is answered', () => {
    for (const { field } of rootFields) {
      const type = getNamedType(field.type);
      if (!isCompositeType(type)) continue;
      const told = isAbstractType(type) ? [type, ...schema.getPossibleTypes(type)] : [type];
      for (const { name } of told) {
        const least = leastOf(field.name) ?? 'user';
        const ofType = types[name] ?? 'admin';
        const isEnough = ROLES.indexOf(ofType) <= ROLES.indexOf(least);
        expect([field.name, name, isEnough]).toEqual([field.name, name, true]);
      }
    }
  });
});

describe.each(ROLES)('a %s', (role) => {
  const actor: Actor = { name: 'token:x', role, userId: role === 'user' ? 'u' : null };
  const judge = createJudge(schema, { isIntrospectable: true });

  test.each(rootFields.map(({ kind, field }) => [kind, field.name, field] as const))(
    'asks for the %s %s as far as the policy says',
    (kind, name, field) => {
      const { query, variables } = documentOf(kind, field);
      const errors = judge({ document: parse(query), variables, actor });
      const isAllowed = hasRole(actor, leastOf(name) ?? 'admin');
      expect(errors.map(({ message }) => message)).toHaveLength(isAllowed ? 0 : 1);
      if (!isAllowed) expect(errors[0]?.extensions).toMatchObject({ code: 'PERMISSION_DENIED' });
    },
  );
});

test('every field that costs more than a thing is one that there is', () => {
  const fields = Object.keys(DEAR).map((coordinate) => {
    const [name = '', field = ''] = coordinate.split('.');
    const type = schema.getType(name);
    return isObjectType(type) ? (type.getFields()[field]?.name ?? null) : null;
  });
  expect(fields).toEqual(Object.keys(DEAR).map((coordinate) => coordinate.split('.')[1]));
});
