/**
 * Writes the reference pages that the code already knows: settings, the configuration file, errors.
 * `--check` changes nothing and fails when a page is not what it would write.
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { z } from 'zod';
import { fileSchema } from '../src/config/file-schema.ts';
import { poolPresets } from '../src/config/pool-presets.ts';
import { settings } from '../src/config/settings.ts';
import type { Setting } from '../src/config/settings.ts';
import { catalogue } from '../src/errors/catalogue.ts';

const root = join(import.meta.dirname, '..');
const rows: Setting[] = Object.values(settings);

const pages: Record<string, string> = {
  'docs/configuration.md': configurationPage(),
  'docs/errors.md': errorsPage(),
  '.env.example': environmentSample(),
};

let isStale = false;
for (const [path, wanted] of Object.entries(pages)) {
  const file = join(root, path);
  const text = `${wanted.trimEnd()}\n`;
  const before = existsSync(file) ? readFileSync(file, 'utf8') : '';
  if (before === text) continue;
  if (process.argv.includes('--check')) {
    console.error(`${path} is stale: run \`npm run generate\``);
    isStale = true;
  } else {
    writeFileSync(file, text);
    console.log(`wrote ${path}`);
  }
}
process.exit(isStale ? 1 : 0);

function defaultOf(row: Setting): string {
  const parsed = row.schema.safeParse(undefined);
  const { data } = parsed;
  return ['string', 'number', 'boolean'].includes(typeof data) ? String(data) : '';
}

function configurationPage(): string {
  const lines = rows.map((row) => {
    const yaml = row.yaml === undefined ? '' : `\`${row.yaml}\``;
    return `| \`${row.env}\` | ${yaml} | ${code(defaultOf(row))} | ${row.about} |`;
  });
  return `# Configuration

Generated from \`src/config\`; change it there.

Settings come from command-line flags, then the environment (over a \`.env\` file in the working directory), then
\`tollgate.yaml\`. Every mistake is reported at once, unknown fields included, and nothing starts before all are mended.

## Settings

| environment | under \`server:\` | default | |
|---|---|---|---|
${lines.join('\n')}

## \`tollgate.yaml\`

A value written \`os.environ/NAME\` as \`api_key\` is taken from the environment. \`tollgate.example.yaml\` shows a whole file,
and [routing.md](routing.md) tells what the fields of a pool do. A *duration* is text such as \`30s\`, \`5m\`, \`1h30m\` or \`100ms\`, or a
number of milliseconds.

${fields(z.toJSONSchema(fileSchema, { io: 'input', unrepresentable: 'any' }) as Schema, '')}
## Presets

What \`preset\` stands for. A field that a pool gives itself replaces the preset's whole.

${presets()}`;
}

/** Each preset as the fields that it is short for. */
function presets(): string {
  return Object.entries(poolPresets)
    .map(([name, preset]) => {
      const differs = Object.keys(preset).length > 0;
      const text = differs
        ? `\`\`\`yaml\n${stringify(preset)}\`\`\``
        : 'Every field at its default.';
      return `### \`${name}\`\n\n${text}\n`;
    })
    .join('\n');
}

interface Schema {
  type?: string;
  title?: string;
  description?: string;
  default?: unknown;
  enum?: unknown[];
  properties?: Record<string, Schema>;
  items?: Schema;
  required?: string[];
  anyOf?: Schema[];
}

/** One table for each object of the file. */
function fields(schema: Schema, path: string): string {
  const entries = Object.entries(schema.properties ?? {}).filter(() => path !== 'server');
  const table = entries.map(([name, field]) => {
    const isRequired = schema.required?.includes(name) === true;
    const fallback = field.default === undefined ? '' : JSON.stringify(field.default);
    return `| \`${name}\` | ${typeText(field)} | ${isRequired ? 'required' : code(fallback)} | ${field.description ?? ''} |`;
  });
  const own =
    table.length === 0
      ? []
      : [
          `### ${path === '' ? 'The file' : `\`${path}\``}\n\n| field | type | default | |\n|---|---|---|---|\n${table.join('\n')}\n`,
        ];
  const nested = entries.flatMap(([name, field]) => {
    const at = path === '' ? name : `${path}.${name}`;
    const object = objectOf(field);
    if (object !== undefined) return [fields(object, at)];
    const item = field.items === undefined ? undefined : objectOf(field.items);
    return item === undefined ? [] : [fields(item, `${at}[]`)];
  });
  return [...own, ...nested].filter((text) => text !== '').join('\n');
}

/** The object that a field is, or may be instead of null. */
function objectOf(field: Schema): Schema | undefined {
  return [field, ...(field.anyOf ?? [])].find(({ properties }) => properties !== undefined);
}

function typeText(field: Schema): string {
  if (field.title !== undefined) return field.title;
  if (field.enum !== undefined) return field.enum.map((value) => code(String(value))).join(' or ');
  if (field.anyOf !== undefined) return field.anyOf.map(typeText).join(' or ');
  return field.type === 'array' ? 'list' : (field.type ?? 'any');
}

function errorsPage(): string {
  const lines = Object.entries(catalogue).map(
    ([name, row]) =>
      `| \`${name}\` | ${row.http} | \`${row.grpc}\` | \`${row.type}\` | ${row.fault} | ${row.retryable ? 'yes' : 'no'} |`,
  );
  return `# Errors

Generated from \`src/errors/catalogue.ts\`; change it there.

Every error is \`{"error": {"message", "type", "param", "code"}}\`, whatever went wrong and wherever. \`code\` is for programs.
\`fault\` says who must act. Errors that are worth a retry carry \`x-should-retry: true\`, and \`retry-after\` where the time is known;
OpenAI SDKs obey both. On \`/graphql\` the same errors have GraphQL's form ([graphql.md](graphql.md)), and gRPC's on its port ([grpc.md](grpc.md)). A stream that breaks off ends with one error event and without \`[DONE]\`.

| code | status | gRPC | type | fault | retry |
|---|---|---|---|---|---|
${lines.join('\n')}`;
}

function environmentSample(): string {
  const lines = rows.map(
    (row) => `# ${row.about}\n# ${row.env}=${row.isSecret === true ? '' : defaultOf(row)}`,
  );
  return `# Generated from src/config/settings.ts. Copy to .env and uncomment what you change.\n\n${lines.join('\n\n')}`;
}

function code(text: string): string {
  return text === '' ? '' : `\`${text}\``;
}
