import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import {
  Kind,
  OperationTypeNode,
  getNullableType,
  isEnumType,
  isInputObjectType,
  isListType,
  parse,
  specifiedRules,
  typeFromAST,
  validate,
} from 'graphql';
import type {
  DocumentNode,
  GraphQLInputType,
  OperationDefinitionNode,
  VariableDefinitionNode,
} from 'graphql';
import { Credential } from '../../../src/entities/credential.ts';
import { createJudge } from '../../../src/graphql/guard/judge.ts';
import { schemaOfDecorators } from '../../../src/graphql/schema.ts';
import { ADMIN, CLI } from '../../../src/services/actor.ts';
import { canaryFleet, gatewayOfFile } from '../../support/gateway.ts';
import type { Gateway } from '../../support/gateway.ts';
import { graphqlClient } from '../../support/graphql-client.ts';

const EXAMPLES = join(import.meta.dirname, '../../../examples/graphql');

const files = readdirSync(EXAMPLES).filter((name) => name.endsWith('.graphql'));
const schema = schemaOfDecorators();

interface Example {
  name: string;
  kind: OperationTypeNode;
  /** Variables as written, words in capitals and all. */
  written: string;
  declared: readonly VariableDefinitionNode[];
}

/** The operations of a file, each with the line of variables that stands before it. */
function examplesIn(text: string, document: DocumentNode): Example[] {
  const operations = document.definitions.filter(
    (definition): definition is OperationDefinitionNode =>
      definition.kind === Kind.OPERATION_DEFINITION,
  );
  return operations.map(({ name, operation, loc, variableDefinitions: declared = [] }) => {
    const before = text.slice(0, loc?.start).trimEnd().split('\n').at(-1) ?? '';
    const written = /^# variables: (\{.*\})$/.exec(before)?.[1] ?? '';
    return { name: name?.value ?? '', kind: operation, written, declared };
  });
}

/** Things of its own for each operation, so that none misses what another took away. */
async function thingsFor(gateway: Gateway, serial: number): Promise<Record<string, string>> {
  const { space } = gateway;
  const [user, team, name] = [`ann-${serial}`, `research-${serial}`, `phone-${serial}`];
  await space.users.create(CLI, { name: user });
  await space.teams.create(CLI, { name: team });
  const { key, virtualKey } = await space.keys.create(CLI, { name, user, team });
  const subject = virtualKey.id;
  const { budget } = await space.budgets.set(CLI, { scope: 'key', subject, cap: '100' });
  const call = await gateway.chat({}, { authorization: `Bearer ${key}` });
  await call.text();
  await gateway.records();
  const em = space.orm.em.fork();
  const credential = await em.findOneOrFail(Credential, { name: `cred-${serial}` });
  return {
    KEY_ID: virtualKey.id,
    KEY_NAME: name,
    USER: user,
    TEAM: team,
    POOL: 'default',
    CREDENTIAL: credential.id,
    BUDGET_ID: budget.id,
    REQUEST_ID: call.headers.get('x-request-id') ?? '',
    MODEL: 'gpt-4o-mini',
  };
}

const WORD = /\b[A-Z]+(?:_[A-Z]+)?\b/g;

/** Words in capitals made things, but for values of enums, which may be spelled alike. */
function filled(value: unknown, type: GraphQLInputType, things: Record<string, string>): unknown {
  const bare = getNullableType(type);
  if (isEnumType(bare)) return value;
  if (typeof value === 'string') return value.replaceAll(WORD, (word) => things[word] ?? word);
  if (isListType(bare) && Array.isArray(value)) {
    return value.map((one) => filled(one, bare.ofType, things));
  }
  if (!isInputObjectType(bare) || typeof value !== 'object' || value === null) return value;
  const fields = bare.getFields();
  return Object.fromEntries(
    Object.entries(value).map(([name, one]) => [
      name,
      fields[name] === undefined ? one : filled(one, fields[name].type, things),
    ]),
  );
}

function variablesOf({ written, declared }: Example, things: Record<string, string>) {
  const given = JSON.parse(written) as Record<string, unknown>;
  return Object.fromEntries(
    declared.map(({ variable, type }) => {
      const name = variable.name.value;
      const inputType = typeFromAST(schema, type) as GraphQLInputType;
      return [name, filled(given[name], inputType, things)];
    }),
  );
}

test('there are some', () => {
  expect(files.length).toBeGreaterThan(1);
});

test('the page about them names all words that stand for something', () => {
  const page = readFileSync(join(EXAMPLES, 'README.md'), 'utf8');
  const words = [...page.matchAll(/^\| `([A-Z_]+)` /gm)].map(([, word]) => word);
  const used = files.flatMap((file) => [
    ...readFileSync(join(EXAMPLES, file), 'utf8').matchAll(
      /\b(?:KEY_ID|KEY_NAME|USER|TEAM|POOL|CREDENTIAL|BUDGET_ID|REQUEST_ID|MODEL)\b/g,
    ),
  ]);
  for (const [word] of used) expect(words).toContain(word);
});

describe.each(files)('%s', (file) => {
  const text = readFileSync(join(EXAMPLES, file), 'utf8');
  const document = parse(text);
  const examples = examplesIn(text, document);
  const running = gatewayOfFile({
    fleet: canaryFleet(...Array.from({ length: examples.length + 2 }, () => 10)),
  });

  test('has operations with names of their own, and a line of variables before each', () => {
    expect(validate(schema, document, specifiedRules).map(String)).toEqual([]);
    for (const { name, written, declared } of examples) {
      expect(name).toMatch(/^[A-Z][A-Za-z]+$/);
      expect([name, written]).not.toEqual([name, '']);
      const known = declared.map(({ variable }) => variable.name.value);
      for (const key of Object.keys(JSON.parse(written) as object)) expect(known).toContain(key);
    }
  });

  test.each(examples.map((example, index) => [example.name, example, index + 1] as const))(
    '%s',
    async (operationName, example, serial) => {
      const gateway = running();
      const variables = variablesOf(example, await thingsFor(gateway, serial));
      if (example.kind === OperationTypeNode.SUBSCRIPTION) {
        // Followed over a socket elsewhere; that it may be is seen here.
        const judge = createJudge(schema, { isIntrospectable: true });
        expect(judge({ document, operationName, variables, actor: ADMIN })).toEqual([]);
        return;
      }
      const { ask } = graphqlClient(gateway);
      const { data, errors } = await ask(text, variables, {}, operationName);
      expect(errors).toEqual([]);
      for (const value of Object.values(data as object)) expect(value).not.toBeNull();
    },
  );
});
