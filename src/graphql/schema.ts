import 'reflect-metadata';
import type { GraphQLSchema } from 'graphql';
import { buildSchemaSync } from 'type-graphql';
import { resolvers } from './resolvers/index.ts';

/**
 * The schema, out of the decorators of entities and resolvers. Inputs are judged by the services,
 * permission by the policy: the schema has no rules of its own.
 */
export const createSchema = (): GraphQLSchema =>
  buildSchemaSync({ resolvers, validate: false, emitSchemaFile: false, pubSub: nobody });

/** Asked for wherever there are subscriptions; each of ours names its own source instead. */
const nobody = {
  publish: () => undefined,
  subscribe: (): never => {
    throw new Error('a subscription without a source of its own');
  },
};
