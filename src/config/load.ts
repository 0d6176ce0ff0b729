import { existsSync, readFileSync } from 'node:fs';
import { parseEnv } from 'node:util';
import { parse as parseYaml } from 'yaml';
import type { z } from 'zod';
import { fileSchema } from './file-schema.ts';
import type { FileConfig, PoolConfig, PriceConfig } from './file-schema.ts';
import { settings } from './settings.ts';
import type { Settings, SettingName } from './settings.ts';

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

  constructor(mistakes: readonly string[], where = 'configuration') {
    super(
      `The ${where} has ${mistakes.length === 1 ? 'a mistake' : `${mistakes.length} mistakes`}:`,
    );
    this.name = 'ConfigError';
    this.mistakes = mistakes;
  }
}

/**
 * Reads the environment (over a `.env` in the working directory), then the configuration file;
 * the environment wins. Command-line flags arrive as `overrides`, under the environment's names.
 * Throws ConfigError.
 */
export function loadConfig(overrides: Environment = {}, base: Environment = process.env): Config {
  const dotenv = existsSync('.env') ? parseEnv(readFileSync('.env', 'utf8')) : {};
  const env: Environment = { ...dotenv, ...base };
  for (const [name, value] of Object.entries(overrides)) if (value !== undefined) env[name] = value;

  const mistakes: string[] = [];
  const file = readFile(env, mistakes);
  const values = readSettings(env, file.server as Record<string, unknown>, mistakes);
  const pools = file.pools.map((pool, index) => resolvePool(pool, index, env, mistakes));
  rejectDuplicates(pools, mistakes);
  if (mistakes.length > 0) throw new ConfigError(mistakes);
  const named = pools.length > 0 ? pools : environmentPools(values);
  return deepFreeze({
    ...values,
    pools: named,
    hasFilePools: pools.length > 0,
    prices: file.prices,
  });
}

function readFile(env: Environment, mistakes: string[]): FileConfig {
  const path = env['TOLLGATE_CONFIG'] ?? settings.configFile.schema.parse(undefined);
  const empty = fileSchema.parse({});
  if (!existsSync(path)) {
    if (env['TOLLGATE_CONFIG'] !== undefined) mistakes.push(`${path}: no such file`);
    return empty;
  }
  try {
    const parsed = fileSchema.safeParse(parseYaml(readFileSync(path, 'utf8')) ?? {});
    if (parsed.success) return parsed.data;
    mistakes.push(...issueTexts(parsed.error.issues, path));
  } catch (error) {
    mistakes.push(`${path}: ${error instanceof Error ? error.message : 'cannot be read'}`);
  }
  return empty;
}

function issueTexts(issues: readonly z.core.$ZodIssue[], prefix: string): string[] {
  return issues.flatMap((issue) => {
    const at = issue.path.map((part) =>
      typeof part === 'number' ? `[${part}]` : `.${String(part)}`,
    );
    const field = at.join('').replace(/^\./, '');
    if (issue.code !== 'unrecognized_keys')
      return [`${prefix}: ${field || '(root)'}: ${issue.message}`];
    return issue.keys.map((key) => `${prefix}: ${field ? `${field}.` : ''}${key}: unknown field`);
  });
}

function readSettings(
  env: Environment,
  server: Record<string, unknown>,
  mistakes: string[],
): Settings {
  const values: Partial<Record<SettingName, unknown>> = {};
  for (const [name, row] of Object.entries(settings) as [
    SettingName,
    (typeof settings)[SettingName],
  ][]) {
    const fromEnv = env[row.env] === '' ? undefined : env[row.env];
    const yaml = 'yaml' in row ? row.yaml : undefined;
    const raw = fromEnv ?? (yaml === undefined ? undefined : server[yaml]);
    const parsed = row.schema.safeParse(raw);
    if (parsed.success) values[name] = parsed.data;
    else
      mistakes.push(
        ...issueTexts(
          parsed.error.issues.map(atRoot),
          fromEnv === undefined && yaml ? `server.${yaml}` : row.env,
        ),
      );
  }
  return values as Settings;
}

const atRoot = (issue: z.core.$ZodIssue): z.core.$ZodIssue => ({ ...issue, path: ['value'] });

const ENVIRONMENT_REFERENCE = 'os.environ/';

function resolvePool(
  pool: PoolConfig,
  index: number,
  env: Environment,
  mistakes: string[],
): PoolConfig {
  const credentials = pool.credentials.map((credential, at) => {
    if (!credential.api_key.startsWith(ENVIRONMENT_REFERENCE)) return credential;
    const name = credential.api_key.slice(ENVIRONMENT_REFERENCE.length);
    const secret = env[name];
    if (!secret) {
      mistakes.push(`pools[${index}].credentials[${at}].api_key: the environment has no ${name}`);
    }
    return { ...credential, api_key: secret ?? '' };
  });
  return { ...pool, credentials };
}

function rejectDuplicates(pools: readonly PoolConfig[], mistakes: string[]): void {
  const report = (names: readonly string[], where: string) => {
    const twice = names.filter((name, index) => names.indexOf(name) !== index);
    for (const name of new Set(twice)) mistakes.push(`${where}: the name "${name}" is used twice`);
  };
  report(
    pools.map((pool) => pool.name),
    'pools',
  );
  for (const [index, pool] of pools.entries()) {
    report(
      pool.credentials.map((credential) => credential.name),
      `pools[${index}].credentials`,
    );
  }
}

/** Of a pool that no file names: virtual keys made for it keep working when its upstreams change. */
export const DEFAULT_POOL = 'default';

/** The pools that plain environment variables stand for; the first one is the default. */
function environmentPools(values: Settings): PoolConfig[] {
  const found: { name: string; strategy: string; credentials: unknown[] }[] = [];
  if (values.aiGatewayApiKey !== undefined) {
    const credentials = [{ name: 'vercel-1', provider: 'vercel', api_key: values.aiGatewayApiKey }];
    found.push({ name: DEFAULT_POOL, strategy: 'balance_weighted', credentials });
  }
  if (values.openaiApiKey !== undefined) {
    const url = values.openaiBaseUrl === undefined ? {} : { base_url: values.openaiBaseUrl };
    const name = found.length === 0 ? DEFAULT_POOL : 'openai';
    const credentials = [
      { name: 'openai-1', provider: 'openai', api_key: values.openaiApiKey, ...url },
    ];
    found.push({ name, strategy: 'round_robin', credentials });
  }
  return fileSchema.parse({ pools: found }).pools;
}

/** A pool of named credentials with every other field at its default. */
export function poolOf(
  strategy: string,
  credentials: { name: string; provider: string; api_key: string; base_url: string }[],
): PoolConfig[] {
  return fileSchema.parse({ pools: [{ name: DEFAULT_POOL, strategy, credentials }] }).pools;
}

function deepFreeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null && !Object.isFrozen(value)) {
    for (const part of Object.values(value)) deepFreeze(part);
    Object.freeze(value);
  }
  return value;
}
