/**
 * Writes schema.graphql from the built code; `--check` changes nothing and fails when the file is
 * stale. Decorators need the build: run `npm run build` first.
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { lexicographicSortSchema, printSchema } from 'graphql';
import type { GraphQLSchema } from 'graphql';

const root = join(import.meta.dirname, '..');
const file = join(root, 'schema.graphql');
const built = join(root, 'dist/src/graphql/schema.js');
const { schemaOfDecorators } = (await import(built)) as { schemaOfDecorators(): GraphQLSchema };

const head = '# Generated from the code by `npm run generate`; change it there.\n\n';
const text = `${head}${printSchema(lexicographicSortSchema(schemaOfDecorators()))}\n`;
const before = existsSync(file) ? readFileSync(file, 'utf8') : '';
if (before !== text && process.argv.includes('--check')) {
  console.error('schema.graphql is stale: run `npm run generate`');
  process.exit(1);
}
if (before !== text) {
  writeFileSync(file, text);
  console.log('wrote schema.graphql');
}
