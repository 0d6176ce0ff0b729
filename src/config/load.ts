import { existsSync, readFileSync } from 'node:fs';
import { parseEnv } from 'node:util';
import { parse as parseYaml } from 'yaml';
import type { z } from 'zod';
import { DEFAULT_POOL, environmentPools } from './environment-pools.ts';
import { fileSchema } from './file-schema.ts';
import type { PoolConfig, PriceConfig } from './file-schema.ts';
import { grpcMistakes } from './grpc-mistakes.ts';
import { looseSchema } from './loose-schema.ts';
import type { LooseFile, LoosePool } from './loose-schema.ts';
import { settings } from './settings.ts';
import type { Setting, Settings } from './settings.ts';

export interface Config extends Settings {
  /** Empty when neither the file nor the environment names a credential. */
  pools: PoolConfig[];
  /** The pools are named in the configuration file, not taken from the environment. */
  hasFilePools: boolean;
  prices: PriceConfig[];
}

type Environment = Record<string, string | undefined>;

/** Every mistake found, in one error, so that a configuration is mended in one go. */
export class ConfigError extends Error {
  readonly mistakes: readonly string[];

  constructor(mistakes: readonly string[]) {
    super(mistakes.length === 1 ? 'There is a mistake:' : `There are ${mistakes.length} mistakes:`);
    this.name = 'ConfigError';
    this.mistakes = mistakes;
  }
}

export interface LoadOptions {
  /** Command-line flags under the environment's names; they win over it. */
  overrides?: Environment;
  /** Instead of the process's, and of the `.env` under it. */
  environment?: Environment;
  /** Mistakes found before, reported together with those found here. */
  mistakes?: readonly string[];
  /** What only the registries can judge: names of providers and strategies. */
  judge?: (file: LooseFile) => string[];
}

/**
 * Reads the environment (over a `.env` in the working directory), then the configuration file;
 * the environment wins. Throws ConfigError with everything that is wrong.
 */
export function loadConfig(options: LoadOptions = {}): Config {
  const { overrides = {}, environment = ownEnvironment(), judge = () => [] } = options;
  const env: Environment = { ...environment };
  for (const [name, value] of Object.entries(overrides)) if (value !== undefined) env[name] = value;

  const mistakes = [...(options.mistakes ?? [])];
  const { path, raw } = readFile(env, mistakes);
  const parsed = fileSchema.safeParse(raw);
  const inFile = parsed.success ? [] : issueTexts(parsed.error.issues);
  // Also of a file with mistakes, so that they all come at once.
  const loose = looseSchema.parse(raw);
  inFile.push(...duplicateNames(loose.pools), ...missingReferences(loose.pools, env));
  inFile.push(...judge(loose));
  mistakes.push(...inFile.map((mistake) => `${path}: ${mistake}`));
  const values = readSettings(env, loose.server, mistakes);
  mistakes.push(...grpcMistakes(values));
  if (mistakes.length > 0 || !parsed.success) throw new ConfigError(mistakes);
  const pools = parsed.data.pools.map((pool) => resolved(pool, env));
  return deepFreeze({
    ...values,
    pools: pools.length > 0 ? pools : environmentPools(values),
    hasFilePools: pools.length > 0,
    prices: parsed.data.prices,
  });
}

function ownEnvironment(): Environment {
  const dotenv = existsSync('.env') ? parseEnv(readFileSync('.env', 'utf8')) : {};
  return { ...dotenv, ...process.env };
}

function readFile(env: Environment, mistakes: string[]): { path: string; raw: unknown } {
  const path = env['TOLLGATE_CONFIG'] || settings.configFile.schema.parse(undefined);
  if (!existsSync(path)) {
    if (env['TOLLGATE_CONFIG']) mistakes.push(`${path}: no such file`);
    return { path, raw: {} };
  }
  try {
    return { path, raw: parseYaml(readFileSync(path, 'utf8')) ?? {} };
  } catch (error) {
    mistakes.push(`${path}: ${error instanceof Error ? error.message.trim() : 'cannot be read'}`);
    return { path, raw: {} };
  }
}

function issueTexts(issues: readonly z.core.$ZodIssue[]): string[] {
  return issues.flatMap((issue) => {
    const at = issue.path.map((part) =>
      typeof part === 'number' ? `[${part}]` : `.${String(part)}`,
    );
    const field = at.join('').replace(/^\./, '');
    if (issue.code !== 'unrecognized_keys') {
      return [field === '' ? issue.message : `${field}: ${issue.message}`];
    }
    return issue.keys.map((key) => `${field ? `${field}.` : ''}${key}: unknown field`);
  });
}

function readSettings(
  env: Environment,
  server: Record<string, unknown>,
  mistakes: string[],
): Settings {
  const values: Record<string, unknown> = {};
  for (const [name, row] of Object.entries<Setting>(settings)) {
    const fromEnv = env[row.env] === '' ? undefined : env[row.env];
    const raw = fromEnv ?? (row.yaml === undefined ? undefined : server[row.yaml]);
    const parsed = row.schema.safeParse(raw);
    const source = fromEnv === undefined && row.yaml ? `server.${row.yaml}` : row.env;
    if (parsed.success) values[name] = parsed.data;
    else
      for (const text of new Set(issueTexts(parsed.error.issues)))
        mistakes.push(`${source}: ${text}`);
  }
  return values as Settings;
}

const ENVIRONMENT_REFERENCE = 'os.environ/';

/** The variable that an `api_key` refers to, or null for a secret written out. */
const referenceOf = (apiKey: string): string | null =>
  apiKey.startsWith(ENVIRONMENT_REFERENCE) ? apiKey.slice(ENVIRONMENT_REFERENCE.length) : null;

function missingReferences(pools: readonly LoosePool[], env: Environment): string[] {
  return pools.flatMap((pool, index) =>
    pool.credentials.flatMap((credential, at) => {
      const name = referenceOf(credential.api_key ?? '');
      if (name === null || env[name]) return [];
      return [`pools[${index}].credentials[${at}].api_key: the environment has no ${name}`];
    }),
  );
}

function resolved(pool: PoolConfig, env: Environment): PoolConfig {
  const credentials = pool.credentials.map((credential) => {
    const name = referenceOf(credential.api_key);
    return name === null ? credential : { ...credential, api_key: env[name] ?? '' };
  });
  return { ...pool, credentials };
}

function duplicateNames(pools: readonly LoosePool[]): string[] {
  return [
    ...twice(pools, 'pools'),
    ...pools.flatMap((pool, index) => twice(pool.credentials, `pools[${index}].credentials`)),
  ];
}

function twice(items: readonly { name?: string | undefined }[], where: string): string[] {
  const names = items.flatMap(({ name }) => (name === undefined ? [] : [name]));
  const repeated = new Set(names.filter((name, index) => names.indexOf(name) !== index));
  return [...repeated].map((name) => `${where}: the name "${name}" is used twice`);
}

/** A pool of named credentials with every other field as its preset says. */
export function poolOf(
  preset: string,
  credentials: { name: string; provider: string; api_key: string; base_url: string }[],
): PoolConfig[] {
  return fileSchema.parse({ pools: [{ name: DEFAULT_POOL, preset, credentials }] }).pools;
}

function deepFreeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null && !Object.isFrozen(value)) {
    for (const part of Object.values(value)) deepFreeze(part);
    Object.freeze(value);
  }
  return value;
}
