import { z } from 'zod';
import { nanoFromUsd } from '../lib/money.ts';

/** One process setting: how the environment and `tollgate.yaml` (under `server:`) name it. */
export interface Setting<T extends z.ZodType = z.ZodType> {
  env: string;
  /** Key under `server:`; absent for settings that belong to the environment alone. */
  yaml?: string;
  schema: T;
  /** One sentence for the generated reference. */
  about: string;
  /** Never printed, not even in an error. */
  isSecret?: true;
}

const setting = <T extends z.ZodType>(row: Setting<T>): Setting<T> => row;

const whole = (min: number, max: number, error = `must be a whole number from ${min} to ${max}`) =>
  z.coerce.number({ error }).int({ error }).min(min, { error }).max(max, { error });
const secretText = z.string().min(32, 'must have at least 32 characters');
const exposure = z.enum(['auto', 'open', 'admin']);
const onOrOff = z.stringbool().or(z.boolean());
const path = z.string().min(1);
const NO_PORT = 'must be off, or a whole number from 0 to 65535';
const portOrOff = z.union([z.literal('off'), whole(0, 65_535, NO_PORT)], { error: NO_PORT });

const LOOPBACK = /^(?:localhost|127\.0\.0\.1|\[::1\])$/;

/** Whoever could change what is read there could sign tokens: in the clear on this machine alone. */
const keysUrl = z.url({ protocol: /^https?$/ }).refine((text) => {
  const { protocol, hostname } = new URL(text);
  return protocol === 'https:' || LOOPBACK.test(hostname);
}, 'must begin with https://');

const CAP_USD_MAX = 1_000_000_000;
const NO_CAP = `must be an amount in dollars, such as 100.0, above 0 and up to ${CAP_USD_MAX}`;

/** Nano-USD. Zero is refused: one person means "nothing" by it, the next "no cap". */
const cap = z.union([z.string(), z.number()], { error: NO_CAP }).transform((usd, context) => {
  try {
    const nano = nanoFromUsd(typeof usd === 'string' ? usd.trim() : usd);
    if (nano > 0n && nano <= nanoFromUsd(CAP_USD_MAX)) return nano;
  } catch {
    // Told below.
  }
  context.addIssue(NO_CAP);
  return z.NEVER;
});

/** Every setting, once. `docs/configuration.md` and `.env.example` are generated from this table. */
export const settings = {
  host: setting({
    env: 'HOST',
    yaml: 'host',
    schema: z.string().min(1).default('127.0.0.1'),
    about: 'Address to listen on. The default is reachable from this machine only.',
  }),
  port: setting({
    env: 'PORT',
    yaml: 'port',
    schema: whole(0, 65_535).default(8000),
    about: 'Port of the HTTP listener; 0 takes any free one.',
  }),
  grpcHost: setting({
    env: 'GRPC_HOST',
    yaml: 'grpc_host',
    schema: z.string().min(1).default('127.0.0.1'),
    about: 'Address that gRPC listens on. Any that other machines reach needs a certificate.',
  }),
  grpcPort: setting({
    env: 'GRPC_PORT',
    yaml: 'grpc_port',
    schema: portOrOff.default(50_051),
    about: 'Port of the gRPC listener; 0 takes any free one, off does without.',
  }),
  grpcTlsCert: setting({
    env: 'GRPC_TLS_CERT',
    yaml: 'grpc_tls_cert',
    schema: path.optional(),
    about: 'File with the certificate (PEM, with its chain) that gRPC shows. Unset: no TLS.',
  }),
  grpcTlsKey: setting({
    env: 'GRPC_TLS_KEY',
    yaml: 'grpc_tls_key',
    schema: path.optional(),
    about: 'File with the private key (PEM) of that certificate.',
  }),
  grpcTlsClientCa: setting({
    env: 'GRPC_TLS_CLIENT_CA',
    yaml: 'grpc_tls_client_ca',
    schema: path.optional(),
    about: 'File with the certificates (PEM) of whoever issues those that gRPC clients must show.',
  }),
  grpcReflection: setting({
    env: 'GRPC_REFLECTION',
    yaml: 'grpc_reflection',
    schema: onOrOff.default(false),
    about: 'Whether tools can ask gRPC for its contract (server reflection): on or off.',
  }),
  dataDir: setting({
    env: 'TOLLGATE_DATA_DIR',
    yaml: 'data_dir',
    schema: z.string().min(1).default('data'),
    about: 'Directory of the database and the generated secrets; made if it is missing.',
  }),
  configFile: setting({
    env: 'TOLLGATE_CONFIG',
    schema: z.string().min(1).default('tollgate.yaml'),
    about: 'Configuration file. The default may be missing; a file you name may not.',
  }),
  adminSecret: setting({
    env: 'ADMIN_SECRET',
    schema: secretText.optional(),
    about: 'Bearer token of the administrator. Unset: made once and kept in the data directory.',
    isSecret: true,
  }),
  pepper: setting({
    env: 'TOLLGATE_PEPPER',
    schema: secretText.optional(),
    about: 'Keys the hashes of virtual keys. Unset: made once and kept in the data directory.',
    isSecret: true,
  }),
  masterKey: setting({
    env: 'TOLLGATE_MASTER_KEY',
    schema: z
      .string()
      .regex(/^[0-9a-fA-F]{64}$/, 'must be 64 hexadecimal digits (32 bytes)')
      .optional(),
    about:
      'Encrypts provider credentials at rest. Unset: made once and kept in the data directory.',
    isSecret: true,
  }),
  userJwtSecret: setting({
    env: 'USER_JWT_SECRET',
    schema: secretText.optional(),
    about:
      'Shared secret (HS256) of whoever signs the tokens of users, JSON web tokens whose `sub` is the id or name of a user. Users see and change what is theirs. Unset: none are accepted.',
    isSecret: true,
  }),
  userJwksUrl: setting({
    env: 'USER_JWKS_URL',
    yaml: 'user_jwks_url',
    schema: keysUrl.optional(),
    about:
      'Where the public keys (JWKS) are of whoever signs the tokens of users with RS256, ES256 or EdDSA. Unset: none are accepted.',
  }),
  userJwtAudience: setting({
    env: 'USER_JWT_AUDIENCE',
    yaml: 'user_jwt_audience',
    schema: z.string().min(1).optional(),
    about:
      'What `aud` in the tokens of users must be or contain, such as `authenticated` for Supabase. Unset: anything.',
  }),
  userJwtIssuer: setting({
    env: 'USER_JWT_ISSUER',
    yaml: 'user_jwt_issuer',
    schema: z.string().min(1).optional(),
    about: 'What `iss` in the tokens of users must be. Unset: anything.',
  }),
  graphqlIntrospection: setting({
    env: 'GRAPHQL_INTROSPECTION',
    yaml: 'graphql_introspection',
    schema: onOrOff.default(true),
    about:
      'Whether the schema of /graphql can be asked for (`__schema`, `__type`) by whoever may ask anything at all: on or off.',
  }),
  logLevel: setting({
    env: 'LOG_LEVEL',
    yaml: 'log_level',
    schema: z.enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent']).default('info'),
    about: 'Lowest level that is logged (JSON lines on standard error).',
  }),
  bodyLimitMb: setting({
    env: 'MAX_BODY_MB',
    yaml: 'max_body_mb',
    schema: whole(1, 2048).default(50),
    about: 'Largest request body in MiB; file uploads have their own limit of 512.',
  }),
  inFlightMax: setting({
    env: 'MAX_IN_FLIGHT',
    yaml: 'max_in_flight',
    schema: whole(1, 1_000_000).default(5000),
    about: 'Calls under way at once; more are refused with 503 and a Retry-After.',
  }),
  drainSeconds: setting({
    env: 'DRAIN_SECONDS',
    yaml: 'drain_seconds',
    schema: whole(0, 3600).default(30),
    about: 'How long a graceful stop waits for calls under way.',
  }),
  balanceRefreshSeconds: setting({
    env: 'BALANCE_REFRESH_SECONDS',
    yaml: 'balance_refresh_seconds',
    schema: whole(1, 86_400).default(300),
    about: 'How often provider balances are asked for.',
  }),
  virtualKeyDefaultRpm: setting({
    env: 'VIRTUAL_KEY_DEFAULT_RPM',
    yaml: 'virtual_key_default_rpm',
    schema: whole(0, 1_000_000).default(0),
    about:
      'Requests in any 60 s of a virtual key that is made without a limit of its own; 0: unlimited.',
  }),
  virtualKeyDefaultTpm: setting({
    env: 'VIRTUAL_KEY_DEFAULT_TPM',
    yaml: 'virtual_key_default_tpm',
    schema: whole(0, 1_000_000_000).default(0),
    about:
      'Tokens in any 60 s of a virtual key that is made without a limit of its own; 0: unlimited.',
  }),
  virtualKeyDefaultBudget: setting({
    env: 'VIRTUAL_KEY_DEFAULT_BUDGET',
    yaml: 'virtual_key_default_budget',
    schema: cap.optional(),
    about:
      'Dollars that a virtual key may spend in all (a hard budget that never resets) when it is made without a budget of its own. Unset: no budget.',
  }),
  lbEndpointsAuth: setting({
    env: 'LB_ENDPOINTS_AUTH',
    yaml: 'lb_endpoints_auth',
    schema: exposure.default('auto'),
    about:
      'Who may use /lb/health, /lb/refresh and /metrics: open, admin, or auto (open on loopback only).',
  }),
  healthStyle: setting({
    env: 'HEALTH_STYLE',
    yaml: 'health_style',
    schema: z.enum(['auto', 'lb', 'router']).default('auto'),
    about:
      'GET /health: lb always says `ok`; router says `healthy`, or `unhealthy` with 503 when no credential is usable; auto is router when a configuration file names pools.',
  }),
  allowPrivateUpstreams: setting({
    env: 'ALLOW_PRIVATE_UPSTREAMS',
    yaml: 'allow_private_upstreams',
    schema: onOrOff.default(false),
    about:
      'Host names that look public may lead to private addresses. Names without a dot, names under .local, .internal and the like, and addresses written out may always; link-local addresses never.',
  }),
  openaiApiKey: setting({
    env: 'OPENAI_API_KEY',
    schema: z.string().min(1).optional(),
    about:
      'Without pools in the configuration file: OpenAI with this credential is the pool `default` (`openai` when AI_GATEWAY_API_KEY is set too).',
    isSecret: true,
  }),
  openaiBaseUrl: setting({
    env: 'OPENAI_BASE_URL',
    schema: z.url({ protocol: /^https?$/ }).optional(),
    about: 'Where that credential is sent instead of https://api.openai.com/v1.',
  }),
  aiGatewayApiKey: setting({
    env: 'AI_GATEWAY_API_KEY',
    schema: z.string().min(1).optional(),
    about:
      'Without pools in the configuration file: Vercel AI Gateway with this credential is the pool `default`, preset `vercel-lb`.',
    isSecret: true,
  }),
  googleApiKey: setting({
    env: 'GOOGLE_API_KEY',
    schema: z.string().min(1).optional(),
    about:
      'Without pools in the configuration file: Gemini with this credential in the pool `model-gateway`, preset `model-gateway`; the pool is called `default` when no other variable makes one.',
    isSecret: true,
  }),
  xaiApiKey: setting({
    env: 'XAI_API_KEY',
    schema: z.string().min(1).optional(),
    about: 'Grok with this credential in the same pool.',
    isSecret: true,
  }),
  xaiBaseUrl: setting({
    env: 'XAI_API_BASE_URL',
    schema: z.url({ protocol: /^https?$/ }).optional(),
    about: 'Where that credential is sent instead of https://api.x.ai/v1.',
  }),
  gigachatAuthKey: setting({
    env: 'GIGACHAT_AUTH_KEY',
    schema: z.string().min(1).optional(),
    about: 'GigaChat with this authorization key in the same pool.',
    isSecret: true,
  }),
  perplexityApiKey: setting({
    env: 'PERPLEXITY_API_KEY',
    schema: z.string().min(1).optional(),
    about: 'Perplexity with this credential in the same pool.',
    isSecret: true,
  }),
  perplexityBaseUrl: setting({
    env: 'PERPLEXITY_API_BASE_URL',
    schema: z.url({ protocol: /^https?$/ }).optional(),
    about: 'Where that credential is sent instead of https://api.perplexity.ai.',
  }),
} as const;

export type SettingName = keyof typeof settings;
export type Settings = { [K in SettingName]: z.output<(typeof settings)[K]['schema']> };
