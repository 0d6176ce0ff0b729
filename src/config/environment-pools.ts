import { fileSchema } from './file-schema.ts';
import type { PoolConfig } from './file-schema.ts';
import type { PresetName } from './pool-presets.ts';
import type { SettingName, Settings } from './settings.ts';

/** Of a pool that no file names: virtual keys made for it keep working when its upstreams change. */
export const DEFAULT_POOL = 'default';

/** Settings whose value is text, or that are not given. */
type TextSetting = {
  [K in SettingName]: Settings[K] extends string | undefined ? K : never;
}[SettingName];

interface Source {
  provider: string;
  secret: TextSetting;
  baseUrl?: TextSetting;
}

/** Pools that plain variables stand for: each variable that is set is a credential. */
const POOLS: readonly { name: string; preset: PresetName; sources: readonly Source[] }[] = [
  {
    name: 'vercel',
    preset: 'vercel-lb',
    sources: [{ provider: 'vercel', secret: 'aiGatewayApiKey' }],
  },
  {
    name: 'openai',
    preset: 'default',
    sources: [{ provider: 'openai', secret: 'openaiApiKey', baseUrl: 'openaiBaseUrl' }],
  },
  {
    name: 'model-gateway',
    preset: 'model-gateway',
    sources: [
      { provider: 'google', secret: 'googleApiKey' },
      { provider: 'xai', secret: 'xaiApiKey', baseUrl: 'xaiBaseUrl' },
      { provider: 'gigachat', secret: 'gigachatAuthKey' },
      { provider: 'perplexity', secret: 'perplexityApiKey', baseUrl: 'perplexityBaseUrl' },
    ],
  },
];

/** The pools that the environment stands for; the first one is the default. */
export function environmentPools(values: Settings): PoolConfig[] {
  const found = POOLS.map(({ sources, ...pool }) => ({
    ...pool,
    credentials: sources.flatMap((source) => credentialOf(source, values)),
  })).filter(({ credentials }) => credentials.length > 0);
  const pools = found.map((pool, index) => (index === 0 ? { ...pool, name: DEFAULT_POOL } : pool));
  return fileSchema.parse({ pools }).pools;
}

function credentialOf({ provider, secret, baseUrl }: Source, values: Settings): object[] {
  if (values[secret] === undefined) return [];
  const url = baseUrl === undefined ? undefined : values[baseUrl];
  const where = url === undefined ? {} : { base_url: url };
  return [{ name: `${provider}-1`, provider, api_key: values[secret], ...where }];
}
