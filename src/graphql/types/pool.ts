import { Field, InputType, Int, ObjectType, registerEnumType } from 'type-graphql';
import type { PresetName } from '../../config/pool-presets.ts';
import type {
  CountedBanRule as Rule,
  CountedBans as Counted,
  Ejection,
  HealthPolicy as Health,
  ModelRule as Model,
  PoolPolicy as Policy,
  Timeouts,
} from '../../entities/pool-policy.ts';
import { JsonObject, SafeInt, Usd } from '../../entities/scalars.ts';

export const PresetEnum = {
  DEFAULT: 'default',
  VERCEL_LB: 'vercel-lb',
  VIRTUAL_KEYS: 'virtual-keys',
  MODEL_GATEWAY: 'model-gateway',
  AUTO_ROUTER: 'auto-router',
} as const satisfies Record<string, PresetName>;

registerEnumType(PresetEnum, {
  name: 'PoolPreset',
  description: 'What fields of a pool that are not given are.',
  valuesConfig: {
    DEFAULT: { description: 'Strict turns, and bans that our own probe confirms.' },
    VERCEL_LB: { description: 'Drawn by balance; `-thinking` makes a model reason.' },
    VIRTUAL_KEYS: { description: 'One tier of credentials after the other.' },
    MODEL_GATEWAY: {
      description: 'The selected credential until it fails; callers may bring their own.',
    },
    AUTO_ROUTER: {
      description: 'Strict turns, fifty requests a minute for each model, bans until lifted.',
    },
  },
});

@ObjectType({ description: 'How long a call may take, milliseconds.' })
export class PoolTimeouts implements Timeouts {
  @Field(() => SafeInt, { description: 'To open a connection.' })
  connectMs!: number;

  @Field(() => SafeInt, { description: 'Request sent to first byte of the answer.' })
  firstByteMs!: number;

  @Field(() => SafeInt, { description: 'Between two pieces of an answer.' })
  idleMs!: number;

  @Field(() => SafeInt, { description: 'The whole call, every attempt included.' })
  totalMs!: number;
}

@ObjectType({ description: 'What a pool does with the models of a name.' })
export class ModelRule implements Model {
  @Field(() => String, { description: 'As clients say it; one `*` stands for any text.' })
  name!: string;

  @Field(() => String, {
    description: "Name sent upstream; a `*` is what the name's stood for. Null: as asked.",
    nullable: true,
  })
  upstream!: string | null;

  @Field(() => JsonObject, {
    description: 'Fields set at the top of the body of a renamed call.',
    nullable: true,
  })
  set!: Record<string, unknown> | null;

  @Field(() => [String], {
    description: 'Served only by credentials of these names; null: by all.',
    nullable: true,
  })
  credentials!: string[] | null;

  @Field(() => String, {
    description: 'Served only by credentials of this provider; null: of any.',
    nullable: true,
  })
  provider!: string | null;

  @Field(() => Boolean, {
    description: 'Whether `GET /v1/models` shows what a `*` matches under this name.',
  })
  isListed!: boolean;

  @Field(() => SafeInt, {
    description: 'Requests in any 60 seconds for each upstream model; null is unlimited.',
    nullable: true,
  })
  rpm!: number | null;

  @Field(() => SafeInt, {
    description: 'Tokens in any 60 seconds for each upstream model; null is unlimited.',
    nullable: true,
  })
  tpm!: number | null;
}

@ObjectType({ description: 'How often which failures lead to a counted ban, and how long it is.' })
export class CountedBanRule implements Rule {
  @Field(() => [Int], {
    description: 'Statuses counted together; a connection that failed counts as 502.',
  })
  statuses!: number[];

  @Field(() => Int, { description: 'So many of them ban the credential for the model.' })
  failuresMax!: number;

  @Field(() => SafeInt, {
    description: 'Milliseconds the ban lasts; null: until it is lifted.',
    nullable: true,
  })
  banMs!: number | null;
}

@ObjectType({ description: 'Bans of a credential for one model, by counting its failures.' })
export class CountedBans implements Counted {
  @Field(() => [CountedBanRule], { description: 'Each counts for itself.' })
  rules!: CountedBanRule[];

  @Field(() => SafeInt, {
    description: 'Older failures do not count, milliseconds; null: all since the last success do.',
    nullable: true,
  })
  windowMs!: number | null;

  @Field(() => Boolean, {
    description: 'Whether each further ban is twice as long, and ends with one trial call.',
  })
  isEscalating!: boolean;
}

@ObjectType({ description: 'What a 429 sets aside, and for how long.' })
export class RateLimitedPolicy {
  @Field(() => String, { description: '`model`: for that model; `credential`: as a whole.' })
  scope!: Health['rateLimited']['scope'];

  @Field(() => SafeInt, {
    description: 'Milliseconds; null: as the answer says, else 1 s doubling up to 60 s.',
    nullable: true,
  })
  ms!: number | null;
}

@ObjectType({ description: 'When an origin that fails is left alone.' })
export class EjectionPolicy implements Ejection {
  @Field(() => Int, { description: 'So many failures in a row.' })
  failures!: number;

  @Field(() => SafeInt, {
    description: 'Milliseconds the first time; each further time is twice as long.',
  })
  ms!: number;

  @Field(() => SafeInt, { description: 'The longest, milliseconds.' })
  maxMs!: number;
}

@ObjectType({ description: 'When credentials are set aside, and for how long.' })
export class HealthPolicy implements Health {
  @Field(() => String, {
    description:
      'After 401 or 403: `probe` asks the provider and bans what it refuses, `ignore` goes elsewhere.',
  })
  unauthorized!: Health['unauthorized'];

  @Field(() => SafeInt, { description: 'Milliseconds of the first ban that a probe confirmed.' })
  banMs!: number;

  @Field(() => SafeInt, { description: 'Milliseconds of the longest ban; each is twice as long.' })
  banMaxMs!: number;

  @Field(() => RateLimitedPolicy, { description: 'After 429.' })
  rateLimited!: RateLimitedPolicy;

  @Field(() => CountedBans, { description: 'Bans by counting; null: none.', nullable: true })
  counted!: CountedBans | null;

  @Field(() => EjectionPolicy, { description: 'When an origin that fails is left alone.' })
  ejection!: EjectionPolicy;
}

@ObjectType({ description: 'How a pool treats models, failures, time and unknown prices.' })
export class PoolPolicy implements Omit<Policy, 'minCreditNano'> {
  @Field(() => Int, { description: 'Upstream calls at most for one client call.' })
  attemptsMax!: number;

  @Field(() => Boolean, { description: 'Whether unknown `/v1` paths go upstream, unpriced.' })
  passthrough!: boolean;

  @Field(() => String, {
    description: 'A call to a model without a price: `refuse` it, or `record` it as unpriced.',
  })
  unpriced!: Policy['unpriced'];

  @Field(() => Usd, {
    description: 'Credentials known to have no more dollars than this are not chosen.',
  })
  minCredit!: bigint;

  @Field(() => PoolTimeouts, { description: 'How long calls may take.' })
  timeouts!: PoolTimeouts;

  @Field(() => [ModelRule], { description: 'The most specific rule for a name applies.' })
  models!: ModelRule[];

  @Field(() => Boolean, {
    description: 'Whether providers are asked which models their credentials serve.',
  })
  discoversModels!: boolean;

  @Field(() => HealthPolicy, { description: 'When credentials are set aside.' })
  health!: HealthPolicy;

  @Field(() => Boolean, {
    description: 'Whether callers may bring a provider credential of their own.',
  })
  callerCredentials!: boolean;

  @Field(() => SafeInt, {
    description: 'A comment is sent into a stream silent for so many milliseconds; null: never.',
    nullable: true,
  })
  heartbeatMs!: number | null;
}

const POLICY =
  'Its other fields as `tollgate.yaml` spells them (`attempts_max`, `timeouts`, `models`, `bans` …), judged as those.';

@InputType({ description: 'A pool to be made. Credentials are added once it is there.' })
export class CreatePoolInput {
  @Field(() => String, {
    description: 'Unique; lower-case letters, digits, `.`, `_` and `-`, 63 at most.',
  })
  name!: string;

  @Field(() => PresetEnum, {
    description: 'What fields that are not given are; `DEFAULT` unless given.',
    nullable: true,
  })
  preset?: PresetName;

  @Field(() => String, {
    description: "How credentials are chosen, such as `round_robin`; the preset's unless given.",
    nullable: true,
  })
  strategy?: string;

  @Field(() => JsonObject, { description: POLICY, nullable: true })
  policy?: Record<string, unknown>;
}

@InputType({ description: 'What to change in a pool. What is absent stays as it is.' })
export class UpdatePoolInput {
  @Field(() => String, { description: 'Its new name.', nullable: true })
  name?: string;

  @Field(() => PresetEnum, {
    description: 'All that is not given here becomes as the preset has it.',
    nullable: true,
  })
  preset?: PresetName;

  @Field(() => String, {
    description: 'How credentials are chosen, such as `weighted`.',
    nullable: true,
  })
  strategy?: string;

  @Field(() => JsonObject, {
    description: `${POLICY} Each field that is given replaces the one there was, whole.`,
    nullable: true,
  })
  policy?: Record<string, unknown>;
}
