import { describe, expect, test } from '@jest/globals';
import { buildSchema, parse, specifiedRules, validate } from 'graphql';
import { createJudge } from '../../../src/graphql/guard/judge.ts';
import { LIMITS } from '../../../src/graphql/guard/limits.ts';
import type { Actor, Role } from '../../../src/services/actor.ts';

/** Names that the policy knows, in a shape that has everything a document can be made of. */
const schema = buildSchema(`
  type Query {
    me: Me
    key(id: ID!): VirtualKey
    keys(first: Int = 20, ids: [ID!], filter: KeyFilter): VirtualKeyConnection
    adminTokens: [AdminToken!]!
    pools: [Pool!]!
    forgotten: Me
  }
  type Mutation { createKey(input: KeyFilter!): VirtualKey  setPrice(model: String): Me }
  input KeyFilter { names: [String!]  nested: KeyFilter  role: Role  count: Int }
  enum Role { VIEWER ADMIN }
  interface Named { name: String }
  type Me implements Named { name: String  keys(first: Int): [VirtualKey!] }
  type AdminToken implements Named { name: String  id: ID }
  type VirtualKey { id: ID  name: String  owner: Me  budgets: [Budget!]!  keys(first: Int): VirtualKeyConnection  who: Named }
  type VirtualKeyConnection { nodes: [VirtualKey!]!  edges: [VirtualKeyEdge!]! }
  type VirtualKeyEdge { node: VirtualKey  cursor: String }
  type Budget { id: ID  key: VirtualKey  explain: BudgetExplanation }
  type BudgetExplanation { isEqual: Boolean }
  type Pool { name: String  unknown: Unlisted }
  type Unlisted { name: String }
  directive @tag repeatable on FIELD | QUERY | FRAGMENT_DEFINITION | FRAGMENT_SPREAD
`);

const actor = (role: Role): Actor => ({ name: `token:${role}`, role, userId: null });

interface Told {
  message: string;
  code?: string;
  param?: string;
}

function judged(
  text: string,
  {
    role = 'admin',
    variables = {},
    isIntrospectable = true,
  }: { role?: Role; variables?: Record<string, unknown>; isIntrospectable?: boolean } = {},
) {
  const document = parse(text);
  expect(validate(schema, document, specifiedRules)).toEqual([]);
  const judge = createJudge(schema, { isIntrospectable });
  return judge({ document, variables, actor: actor(role) }).map(
    ({ message, extensions }): Told => ({ message, ...extensions }),
  );
}

describe('who may ask', () => {
  test.each([
    ['{ me { name } }', 'user', []],
    ['{ adminTokens { id } }', 'operator', ['Query.adminTokens', 'AdminToken.id']],
    ['{ adminTokens { id } }', 'admin', []],
    [
      '{ a: adminTokens { __typename } b: adminTokens { __typename } }',
      'user',
      ['Query.adminTokens'],
    ],
    ['mutation { setPrice { name } }', 'operator', ['Mutation.setPrice']],
    [
      '{ ...F } fragment F on Query { adminTokens { __typename } }',
      'viewer',
      ['Query.adminTokens'],
    ],
    ['{ ... on Query { ... { adminTokens { __typename } } } }', 'viewer', ['Query.adminTokens']],
    [
      '{ ...F ...F } fragment F on Query { ...G } fragment G on Query { adminTokens { id } }',
      'user',
      ['Query.adminTokens', 'AdminToken.id'],
    ],
    ['{ __typename me { __typename } }', 'user', []],
  ] as const)('%s as %s is denied %j', (text, role, coordinates) => {
    const errors = judged(text, { role });
    expect(errors.map(({ param }) => param)).toEqual(coordinates);
    for (const { code, message, param } of errors) {
      expect(code).toBe('PERMISSION_DENIED');
      expect(message).toBe(`${String(param)} needs the role admin.`);
    }
  });

  test('what an interface has needs the role of each type it may be', () => {
    const errors = judged('{ key(id: 1) { who { name } } }', { role: 'viewer' });
    expect(errors).toMatchObject([{ param: 'Named.name', code: 'PERMISSION_DENIED' }]);
    expect(judged('{ key(id: 1) { who { name } } }', { role: 'admin' })).toEqual([]);
  });

  test.each([
    ['{ forgotten { name } }', 'Query.forgotten'],
    ['{ pools { unknown { name } } }', 'Pool.unknown'],
  ])('what the policy does not know is for nobody: %s', (text, coordinate) => {
    const messages = judged(text).map(({ message }) => message);
    expect(messages).toContain(`${coordinate} is not in the policy.`);
  });

  test('only the operation that is executed is judged', () => {
    const document = parse('query A { me { name } } query B { adminTokens { id } }');
    const judge = createJudge(schema, { isIntrospectable: true });
    const asked = { document, actor: actor('user') };
    expect(judge({ ...asked, operationName: 'A' })).toEqual([]);
    expect(judge({ ...asked, operationName: 'B' })).toHaveLength(2);
    expect(judge({ ...asked, operationName: 'C' })).toEqual([]);
    expect(judge(asked)).toEqual([]);
  });
});

describe('the schema', () => {
  const texts = [
    '{ __schema { types { fields { type { name } } } } }',
    '{ __type(name: "Me") { name } }',
  ];

  test.each(texts)('is told to whoever is anybody: %s', (text) => {
    expect(judged(text, { role: 'user' })).toEqual([]);
  });

  test.each(texts)('is told to nobody when it is switched off: %s', (text) => {
    const [error] = judged(text, { isIntrospectable: false });
    expect(error).toMatchObject({ code: 'PERMISSION_DENIED' });
    expect(judged('{ __typename me { __typename } }', { isIntrospectable: false })).toEqual([]);
  });
});

const many = (count: number, text: (index: number) => string): string =>
  Array.from({ length: count }, (_, index) => text(index)).join(' ');

const nested = (depth: number): string =>
  `{ key(id: 1) ${many(depth - 2, (at) => (at % 2 === 0 ? '{ owner' : '{ keys(first: 1)'))} { name } ${'}'.repeat(depth - 2)} }`;

/** For each limit: an operation that is just within it, and one that is just beyond. */
const edges: Record<string, [within: string, beyond: string]> = {
  depth: [nested(8), nested(9)],
  aliases: [
    `{ me { ${many(15, (at) => `a${at}: name`)} } }`,
    `{ ...F me { ...G } } fragment F on Query { me { ${many(8, (at) => `a${at}: name`)} } } fragment G on Me { ${many(8, (at) => `b${at}: name`)} }`,
  ],
  rootFields: [
    `{ ${many(10, (at) => `a${at}: __typename`)} }`,
    `{ ${many(6, (at) => `a${at}: __typename`)} ...F } fragment F on Query { ${many(5, (at) => `b${at}: __typename`)} }`,
  ],
  directives: [
    `{ me ${'@tag '.repeat(20)} { name } }`,
    `query @tag { me ${'@tag '.repeat(18)} { ...F @tag } } fragment F on Me @tag { name }`,
  ],
  first: ['{ keys(first: 100) { nodes { id } } }', '{ keys(first: 101) { nodes { id } } }'],
  cost: [
    '{ keys(first: 100) { nodes { owner { name } budgets { key { id } } } edges { node { id } } } }',
    '{ keys(first: 100) { nodes { keys(first: 100) { nodes { id } } } } }',
  ],
};

describe('limits', () => {
  test('each has an operation at its edge', () => {
    expect(Object.keys(edges).toSorted()).toEqual(LIMITS.map(({ name }) => name).toSorted());
  });

  test.each(Object.entries(edges))('of %s', (name, [within, beyond]) => {
    expect(judged(within)).toEqual([]);
    const [error, ...others] = judged(beyond);
    expect(others).toEqual([]);
    expect(error).toMatchObject({ code: 'OPERATION_TOO_COMPLEX', param: name, retryable: false });
    expect(error?.message).toContain(`at most ${LIMITS.find((one) => one.name === name)?.max}`);
  });

  test('of several are all told at once', () => {
    const text = `{ ${many(16, (at) => `a${at}: keys(first: 101) { nodes { id } }`)} }`;
    expect(judged(text).map(({ param }) => param)).toEqual(['aliases', 'rootFields', 'first']);
  });

  test.each([
    ['an argument', '{ keys(ids: $x) { nodes { id } } }', '[ID!]', Array(101).fill('a')],
    [
      'a field of an input',
      '{ keys(filter: $x) { nodes { id } } }',
      'KeyFilter',
      { nested: { names: Array(101).fill('a') } },
    ],
    ['a page', '{ keys(first: $x) { nodes { id } } }', 'Int', 101],
  ])('see through variables: %s', (_what, text, type, x) => {
    const errors = judged(`query ($x: ${type}) ${text}`, { variables: { x } });
    expect(errors).toMatchObject([{ param: 'first', code: 'OPERATION_TOO_COMPLEX' }]);
  });

  test('count the default of a page that nobody set', () => {
    const inner = '{ nodes { keys(first: 100) { nodes { budgets { id } } } } }';
    expect(judged(`{ keys(first: 1) ${inner} }`)).toEqual([]);
    expect(judged(`{ keys ${inner} }`)).toMatchObject([{ param: 'cost' }]);
    expect(judged(`{ keys(first: -5) ${inner} }`)).toEqual([]);
  });

  test('count what reads the ledger for each thing as many', () => {
    const explained = '{ budgets { explain { isEqual } } }';
    expect(judged(`{ key(id: 1) ${explained} }`)).toEqual([]);
    expect(judged(`{ keys(first: 2) { nodes ${explained} } }`)).toEqual([]);
    expect(judged(`{ keys(first: 3) { nodes ${explained} } }`)).toMatchObject([{ param: 'cost' }]);
  });

  test('are judged in no time whatever fragments unfold to', () => {
    const levels = 60;
    const fragments = many(levels, (at) => `fragment F${at} on Me { ...F${at + 1} ...F${at + 1} }`);
    const text = `{ me { ...F0 } } ${fragments} fragment F${levels} on Me { keys { id } }`;
    const document = parse(text);
    const judge = createJudge(schema, { isIntrospectable: true });
    const startedMs = performance.now();
    const [error] = judge({ document, actor: actor('admin') });
    expect(performance.now() - startedMs).toBeLessThan(1000);
    expect(error?.extensions).toMatchObject({ param: 'cost' });
  });

  test('do not concern the schema, which GraphQL’s own rules bound', () => {
    const ofType = `${'ofType { '.repeat(7)} name ${'}'.repeat(7)}`;
    const text = `{ __schema { types { fields { args { type { kind ${ofType} } } } } } }`;
    expect(judged(text)).toEqual([]);
  });
});

describe('variables that do not fit', () => {
  const secret = 'vck_a_secret; Expected at "x"';

  test.each([
    [
      'mutation ($x: KeyFilter!) { createKey(input: $x) { id } }',
      { x: { names: [[secret]] } },
      'at "x.names[0]"',
    ],
    [
      'mutation ($x: KeyFilter!) { createKey(input: $x) { id } }',
      { x: { count: secret } },
      'at "x.count"',
    ],
    [
      'mutation ($x: KeyFilter!) { createKey(input: $x) { id } }',
      { x: { role: secret } },
      'at "x.role"',
    ],
    ['mutation ($x: KeyFilter!) { createKey(input: $x) { id } }', { x: secret }, 'an object'],
    [
      'mutation ($x: KeyFilter!) { createKey(input: $x) { id } }',
      { x: { nested: { nam: secret } } },
      '"nam" is not defined',
    ],
    ['mutation ($x: KeyFilter!) { createKey(input: $x) { id } }', {}, 'was not provided'],
    ['query ($x: ID!) { key(id: $x) { id } }', { x: { secret } }, 'ID cannot represent'],
  ])('are told by name and place, and never by value: %s %j', (text, variables, part) => {
    const errors = judged(text, { variables });
    expect(errors.length).toBeGreaterThan(0);
    for (const { code } of errors) expect(code).toBe('BAD_USER_INPUT');
    const told = JSON.stringify(errors);
    expect(errors[0]?.message).toContain('Variable "$x"');
    expect(errors[0]?.message).toContain(part);
    expect(told).not.toContain('a_secret');
  });
});
