/** Fields of a pool as `tollgate.yaml` spells them. */
type Fields = Readonly<Record<string, unknown>>;

/** How system C finds a model's provider: the prefix, which is cut, else a word in the name. */
const MODEL_GATEWAY_RULES = [
  { name: 'google/*', upstream: '*', provider: 'google', list: true },
  { name: 'x-ai/*', upstream: '*', provider: 'xai', list: true },
  // More specific than `*gigachat*`, which would not cut the prefix.
  { name: 'sber/GigaChat*', upstream: 'GigaChat*', provider: 'gigachat', list: true },
  { name: 'sber/*', upstream: '*', provider: 'gigachat', list: true },
  { name: 'perplexity/*', upstream: '*', provider: 'perplexity', list: true },
  { name: '*gemini*', provider: 'google' },
  { name: '*grok*', provider: 'xai' },
  { name: '*gigachat*', provider: 'gigachat' },
  { name: '*sonar*', provider: 'perplexity' },
  { name: 'r1-1776', provider: 'perplexity' },
  // Any other model is unknown; without this, a provider that lists no models would be asked.
  { name: '*', credentials: [] },
];

/**
 * What a pool's fields are when its file does not say: the four systems that pools replace, as
 * differences from the schema's own defaults. A field given in the file replaces the preset's whole.
 */
export const poolPresets = {
  default: {},
  /** A: drawn by balance, and thinking models by their suffix. */
  'vercel-lb': {
    strategy: 'balance_weighted',
    min_credit: 0.01,
    models: [
      {
        name: '*-thinking',
        upstream: '*',
        set: { reasoning: { effort: 'medium', enabled: true } },
      },
    ],
  },
  /** B: one connector after the other. */
  'virtual-keys': { strategy: 'priority' },
  /** C: the selected credential until it fails, five minutes' rest after a 429. */
  'model-gateway': {
    strategy: 'selected_then_rotate',
    caller_credentials: true,
    unauthorized: 'ignore',
    bans: null,
    rate_limited: { scope: 'credential', duration: '5m' },
    models: MODEL_GATEWAY_RULES,
  },
  /** D: strict turns, fifty requests a minute for each model, bans by counting until lifted. */
  'auto-router': {
    bans: {
      max_attempts: 3,
      error_codes: [401, 403, 429, 500, 502, 503, 504],
      ban_duration: 'permanent',
    },
    models: [{ name: '*', rpm: 50 }],
  },
} satisfies Record<string, Fields>;

export type PresetName = keyof typeof poolPresets;

export const presetNames = Object.keys(poolPresets) as PresetName[];

/** The fields of a pool over those of its preset; what is no pool at all is left for the schema. */
export function withPreset(raw: unknown): unknown {
  if (typeof raw !== 'object' || raw === null || Array.isArray(raw)) return raw;
  const { preset } = raw as Fields;
  const named = presetNames.find((name) => name === preset);
  return named === undefined ? raw : { ...poolPresets[named], ...raw };
}
