import { expect, test } from '@jest/globals';
import { gatewayOfFile } from '../../support/gateway.ts';
import { graphqlClient } from '../../support/graphql-client.ts';

const gateway = gatewayOfFile();

/** Whoever asks as they should is answered. */
async function expectServed(): Promise<void> {
  const { status, data } = await graphqlClient(gateway()).ask('{ me { name } }');
  expect({ status, data }).toEqual({ status: 200, data: { me: { name: 'admin' } } });
}

const deep = (levels: number): string =>
  `{ keys { nodes ${'{ team { keys { nodes '.repeat(levels)}{ id }${' } } }'.repeat(levels)} } }`;

const TOO_MUCH = ['OPERATION_TOO_COMPLEX', 'GRAPHQL_PARSE_FAILED', 'GRAPHQL_VALIDATION_FAILED'];

test.each([
  ['fifty fields one under another', deep(17)],
  [
    'a thousand aliases',
    `{ ${Array.from({ length: 1000 }, (_, at) => `a${at}: __typename`).join(' ')} }`,
  ],
  ['ten thousand directives', `{ me { name ${'@skip(if: false) '.repeat(10_000)} } }`],
  [
    'fragments that spread each other',
    '{ me { ...a } } fragment a on Me { ...b } fragment b on Me { ...a }',
  ],
  ['a hundred thousand tokens', `{ me { ${'name '.repeat(100_000)} } }`],
])('C34: %s: refused before anything is executed', async (_what, document) => {
  const { data, errors } = await graphqlClient(gateway()).ask(document);
  expect(data).toBeNull();
  expect(errors.length).toBeGreaterThan(0);
  for (const { extensions } of errors) expect(TOO_MUCH).toContain(extensions['code']);
  await expectServed();
});

test('C34: several operations in one request are refused whole', async () => {
  const { url, space } = gateway();
  const response = await fetch(`${url}/graphql`, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${space.secrets.admin.reveal()}`,
      'content-type': 'application/json',
    },
    body: JSON.stringify(Array.from({ length: 100 }, () => ({ query: '{ me { name } }' }))),
  });
  expect(response.status).toBe(400);
  expect(await response.text()).not.toContain('"data"');
  await expectServed();
});

test('C34: a change asked for by GET, as any link could, is not made', async () => {
  const { url, space } = gateway();
  const query = 'mutation { createTeam(input: { name: "by a link" }) { id } }';
  const response = await fetch(`${url}/graphql?query=${encodeURIComponent(query)}`, {
    headers: {
      authorization: `Bearer ${space.secrets.admin.reveal()}`,
      'apollo-require-preflight': 'true',
    },
  });
  expect(response.status).toBe(405);
  const { data } = await graphqlClient(gateway()).ask('{ teams { nodes { name } } }');
  expect(data).toEqual({ teams: { nodes: [] } });
});

test('C34: the schema is for those who may ask something of it', async () => {
  const anybody = graphqlClient(gateway(), { token: null });
  const { status, data, errors } = await anybody.ask('{ __schema { types { name } } }');
  expect({ status, data }).toEqual({ status: 401, data: null });
  expect(JSON.stringify(errors)).not.toContain('VirtualKey');
});
