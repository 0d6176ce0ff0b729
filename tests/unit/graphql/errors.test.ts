import { describe, expect, test } from '@jest/globals';
import { GraphQLError, buildSchema, execute, parse, specifiedRules, validate } from 'graphql';
import type { GraphQLFormattedError } from 'graphql';
import { GatewayError } from '../../../src/errors/gateway-error.ts';
import { told } from '../../../src/graphql/errors.ts';

const schema = buildSchema(`
  type Query { me(name: String, role: Role, count: Int, keys: [String!]): String! }
  enum Role { VIEWER ADMIN }
`);

const coded = ({ message, nodes = [] }: GraphQLError, code: string): GraphQLError =>
  new GraphQLError(message, { nodes, extensions: { code } });

const SECRET = 'vck_a_secret';

describe('a mistake in a document', () => {
  test.each([
    [`{ me(name: ["${SECRET}"]) }`, 'String cannot represent a non string value: '],
    [`{ me(role: "${SECRET}") }`, 'Enum "Role" cannot represent non-enum value: '],
    [`{ me(count: "${SECRET}") }`, 'Int cannot represent non-integer value: '],
    [`{ me(name: {key: "${SECRET}"}) }`, 'String cannot represent a non string value: '],
  ])('is told in GraphQL’s words without what was in it: %s', (text, start) => {
    const errors = validate(schema, parse(text), specifiedRules);
    expect(errors.map(({ message }) => message).join()).toContain(SECRET);
    for (const error of errors) {
      const thrown = coded(error, 'GRAPHQL_VALIDATION_FAILED');
      const { message, extensions } = told(thrown.toJSON(), thrown, 'r1');
      expect(message).toContain(start);
      expect(message).not.toContain(SECRET);
      const facts = { code: 'GRAPHQL_VALIDATION_FAILED', retryable: false, requestId: 'r1' };
      expect(extensions).toEqual(facts);
    }
  });
});

function failing(thrown: unknown): GraphQLFormattedError {
  const me = () => {
    throw thrown;
  };
  const result = execute({ schema, document: parse('{ me }'), rootValue: { me } });
  const [error] = 'errors' in result ? (result.errors ?? []) : [];
  if (error === undefined) throw new Error('nothing went wrong');
  return told(error.toJSON(), error, 'r1');
}

describe('what went wrong in a field', () => {
  test('is told with code, place and request where it is ours', () => {
    const error = new GatewayError('conflict', 'Taken.', { param: 'name' });
    expect(failing(error)).toEqual({
      message: 'Taken.',
      locations: [{ line: 1, column: 3 }],
      path: ['me'],
      extensions: { code: 'CONFLICT', param: 'name', retryable: false, requestId: 'r1' },
    });
  });

  test.each([
    ['an error', new Error(SECRET)],
    ['one with fields', Object.assign(new Error(SECRET), { sql: SECRET, code: 'SQLITE_BUSY' })],
    ['a text', SECRET],
    ['one of GraphQL without a code', new GraphQLError(SECRET)],
    [
      'one of GraphQL that is of unknown kind',
      new GraphQLError(SECRET, { extensions: { code: 'ODD' } }),
    ],
    [
      'our own for the inside',
      new GatewayError('internal', 'An internal error occurred.', { cause: SECRET }),
    ],
  ])('is masked where nobody expected it: %s', (_what, thrown) => {
    const { message, extensions } = failing(thrown);
    expect(message).toBe('An internal error occurred.');
    expect(extensions).toEqual({ code: 'INTERNAL', retryable: false, requestId: 'r1' });
  });
});
