import 'reflect-metadata';
import type { GraphQLSchema } from 'graphql';
import { buildSchemaSync } from 'type-graphql';
import { resolvers } from './resolvers/index.ts';

let built: GraphQLSchema | undefined;

/**
 * The schema, out of the decorators of entities and resolvers: the same for every server of a process.
 * Inputs are judged by the services, permission by the policy: the schema has no rules of its own.
 */
export const schemaOfDecorators = (): GraphQLSchema => (built ??= build());

function build(): GraphQLSchema {
  const schema = buildSchemaSync({
    resolvers,
    validate: false,
    // A test does: it would ask the schema for all of itself at each start.
    skipCheck: true,
    emitSchemaFile: false,
    pubSub: nobody,
  });
  for (const [name, description] of Object.entries(ROOTS)) {
    const type = schema.getType(name);
    if (type !== undefined) type.description = description;
  }
  return schema;
}

/** Types that have no class to carry their description. */
const ROOTS: Readonly<Record<string, string>> = {
  Query: 'What can be known. Nothing here changes anything.',
  Mutation: 'What can be done. Each change is an event of the log, with who made it.',
  Subscription:
    'What happens, told while it happens: over WebSocket (graphql-transport-ws) or as server-sent events.',
};

/** Asked for wherever there are subscriptions; each of ours names its own source instead. */
const nobody = {
  publish: () => undefined,
  subscribe: (): never => {
    throw new Error('a subscription without a source of its own');
  },
};
