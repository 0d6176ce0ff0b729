import { Field, Float, ID, InputType, Int, ObjectType } from 'type-graphql';
import { Credential } from '../../entities/credential.ts';
import { enumOf } from '../../entities/enums.ts';
import { DateTime, SafeInt, Usd } from '../../entities/scalars.ts';
import type { RowFormat } from '../../services/credential-rows.ts';
import type { CredentialTest as Test, TestFinding } from '../../services/credential-tests.ts';
import type { CredentialState, LiveBlock } from '../../services/live-credential.ts';
import { LimitWindow } from './live-limits.ts';

export const CredentialStateEnum = enumOf<CredentialState>(
  'CredentialState',
  'How a credential is, or why it is set aside.',
  {
    active: 'Nothing is held against it.',
    disabled: 'An operator has switched it off, or the configuration does not name it any more.',
    banned: 'A sentence is on it.',
    exhausted: 'It has no money, as far as is known.',
    suspect: 'It was refused; its provider is being asked whether it still works.',
    cooling: 'Its provider limits it.',
    forbidden: 'It may not, or cannot, serve this model.',
  },
);

export const TestFindingEnum = enumOf<TestFinding>(
  'CredentialFinding',
  'What a provider says of a credential.',
  {
    works: 'It is accepted.',
    poor: 'It is accepted, and has too little money on it to be used.',
    refused: 'It is not accepted.',
    unclear: 'Neither was said, or nothing.',
  },
);

export const RowFormatEnum = enumOf<RowFormat>('ImportFormat', 'How the text is written.', {
  csv: 'Comma-separated values (RFC 4180); the first line has the names of the columns.',
  json: 'A list of objects.',
});

@ObjectType({ description: 'Why a credential is set aside, wholly or for one model.' })
export class HealthBlock implements LiveBlock {
  @Field(() => CredentialStateEnum, { description: 'Why.' })
  state!: CredentialState;

  @Field(() => String, {
    description: 'Upstream model that it is for; null: the whole credential.',
    nullable: true,
  })
  model!: string | null;

  @Field(() => DateTime, {
    description: 'Until then; null: until somebody, or a check, lifts it.',
    nullable: true,
    name: 'until',
  })
  untilMs!: number | null;

  @Field(() => Int, { description: '1 for the first in a row; 0 where nothing is counted.' })
  strike!: number;
}

@ObjectType({ description: 'How fast a model has answered lately.' })
export class ModelLatency {
  @Field(() => String, { description: 'Upstream model.' })
  model!: string;

  @Field(() => Float, { description: 'Milliseconds to the first byte, a moving average.' })
  ms!: number;
}

@ObjectType({ description: 'An attempt that failed by the doing of the credential or its origin.' })
export class FailedAttempt {
  @Field(() => Int, { description: 'Upstream status; 502 for a connection that failed.' })
  status!: number;

  @Field(() => String, { description: 'What was made of it, such as `rate_limited`.' })
  verdict!: string;

  @Field(() => String, { description: 'Upstream model; empty where none was asked for.' })
  model!: string;

  @Field(() => DateTime, { description: 'When it failed.', name: 'at' })
  nowMs!: number;

  @Field(() => ID, {
    description: 'The call, for `explainRequest`; null: the gateway itself asked.',
    nullable: true,
  })
  requestId!: string | null;
}

@ObjectType({ description: 'A credential as the running server sees it at this moment.' })
export class LiveCredential {
  /** Not told: the credential is around it. */
  id!: string;

  minCreditNano!: bigint;

  @Field(() => Boolean, { description: 'Whether it may serve anything at all.' })
  isUsable!: boolean;

  @Field(() => HealthBlock, {
    description:
      'How it is: what sets it aside as a whole, else for a model, else that it is active.',
  })
  state!: HealthBlock;

  @Field(() => [HealthBlock], { description: 'All that sets it aside, the whole first.' })
  blocks!: HealthBlock[];

  @Field(() => Usd, {
    description:
      'Dollars left: as its provider last told, less what was settled since; null: not known.',
    nullable: true,
    name: 'balance',
  })
  balanceNano!: bigint | null;

  @Field(() => Usd, {
    description: 'Dollars used in all, as its provider last told; null: not known.',
    nullable: true,
    name: 'usedTotal',
  })
  usedNano!: bigint | null;

  @Field(() => DateTime, {
    description: 'When its provider last told; null: never.',
    nullable: true,
    name: 'checkedAt',
  })
  checkedAtMs!: number | null;

  @Field(() => Int, { description: 'Calls it is serving.' })
  inFlight!: number;

  @Field(() => LimitWindow, { description: 'Its requests in the last 60 seconds.' })
  requests!: LimitWindow;

  @Field(() => LimitWindow, { description: 'Its tokens in the last 60 seconds.' })
  tokens!: LimitWindow;

  @Field(() => [ModelLatency], { description: 'Models that it served in the last minute.' })
  latencies!: ModelLatency[];

  @Field(() => [FailedAttempt], { description: 'The last ten since the start, newest first.' })
  failures!: FailedAttempt[];

  @Field(() => Int, {
    description: 'Models that its provider lists; null: not known, it is sent any.',
    nullable: true,
  })
  modelsCount!: number | null;
}

@InputType({ description: 'A credential to be added. The secret goes in and never out.' })
export class AddCredentialInput {
  @Field(() => String, {
    description:
      'Pool by id or name. Users leave it out: their own is meant, which is made for the first one.',
    nullable: true,
  })
  pool?: string;

  @Field(() => String, {
    description: 'Unique in its pool; lower-case letters, digits, `.`, `_` and `-`, 63 at most.',
  })
  name!: string;

  @Field(() => String, {
    description:
      'Kind of API: `openai`, `vercel`, `google`, `xai`, `gigachat`, `perplexity` or `openai-compatible`.',
  })
  provider!: string;

  @Field(() => String, { description: 'What its provider gave, 4096 characters at most.' })
  secret!: string;

  @Field(() => String, {
    description:
      "Where the provider's `/v1` is; its default unless given. Only admins may say so.",
    nullable: true,
  })
  baseUrl?: string;

  @Field(() => Int, {
    description: "Share of the pool's calls under `weighted`, 1 unless given.",
    nullable: true,
  })
  weight?: number;

  @Field(() => Int, {
    description: 'Tier under `priority`: lower ones serve first; 1 unless given.',
    nullable: true,
  })
  priority?: number;

  @Field(() => Int, {
    description: 'Requests in any 60 seconds; null is unlimited.',
    nullable: true,
  })
  rpmLimit?: number | null;

  @Field(() => Int, { description: 'Tokens in any 60 seconds; null is unlimited.', nullable: true })
  tpmLimit?: number | null;

  @Field(() => [String], {
    description: 'Upstream models it serves, each with two `*` at most; null: those listed.',
    nullable: true,
  })
  models?: string[] | null;
}

@InputType({ description: 'What is to be another of a credential. What is absent stays as it is.' })
export class UpdateCredentialInput {
  @Field(() => String, { description: 'Its new name, unique in its pool.', nullable: true })
  name?: string;

  @Field(() => String, {
    description:
      'Another account: bans that the one before has earned end, its balance is forgotten.',
    nullable: true,
  })
  secret?: string;

  @Field(() => String, {
    description:
      "Where the provider's `/v1` is. The secret has to be given again; only admins may say so.",
    nullable: true,
  })
  baseUrl?: string;

  @Field(() => Int, { description: "Share of the pool's calls under `weighted`.", nullable: true })
  weight?: number;

  @Field(() => Int, {
    description: 'Tier under `priority`: lower ones serve first.',
    nullable: true,
  })
  priority?: number;

  @Field(() => Int, {
    description: 'Requests in any 60 seconds; null is unlimited.',
    nullable: true,
  })
  rpmLimit?: number | null;

  @Field(() => Int, { description: 'Tokens in any 60 seconds; null is unlimited.', nullable: true })
  tpmLimit?: number | null;

  @Field(() => [String], {
    description: 'Upstream models it serves; null: those its provider lists.',
    nullable: true,
  })
  models?: string[] | null;
}

@InputType({
  description:
    'What is tested: a credential that is stored, or one by provider and secret, which is not stored.',
})
export class TestCredentialInput {
  @Field(() => String, {
    description: 'Id, `pool/name`, or a name that one alone has.',
    nullable: true,
  })
  credential?: string;

  @Field(() => String, { description: 'Kind of API, with `secret`.', nullable: true })
  provider?: string;

  @Field(() => String, { description: 'What its provider gave.', nullable: true })
  secret?: string;

  @Field(() => String, {
    description:
      "Where the provider's `/v1` is; its default unless given. Only admins may say so.",
    nullable: true,
  })
  baseUrl?: string;
}

@ObjectType({ description: 'What a provider said of a credential just now.' })
export class CredentialTest implements Test {
  @Field(() => Boolean, { description: 'Whether it would serve calls.', name: 'ok' })
  isOk!: boolean;

  @Field(() => TestFindingEnum, { description: 'What was found.' })
  finding!: TestFinding;

  @Field(() => Int, {
    description: 'HTTP status that it was told by; null: no answer came.',
    nullable: true,
  })
  status!: number | null;

  @Field(() => String, { description: 'The same in words of ours.' })
  message!: string;

  @Field(() => Usd, {
    description: 'Dollars left; null where the provider tells no balance.',
    nullable: true,
    name: 'balance',
  })
  balanceNano!: bigint | null;

  @Field(() => Usd, {
    description: 'Dollars used in all; null where the provider does not tell.',
    nullable: true,
    name: 'usedTotal',
  })
  usedNano!: bigint | null;

  @Field(() => Int, {
    description: 'How many models it lists; null where it lists none.',
    nullable: true,
  })
  modelsCount!: number | null;

  @Field(() => [String], { description: 'The first twenty of them, by name.' })
  models!: string[];
}

@ObjectType({ description: 'Why a row of an import failed.' })
export class ImportError {
  @Field(() => String, {
    description: 'As in `extensions.code`: `INVALID_REQUEST`, `CONFLICT` …',
  })
  code!: string;

  @Field(() => String, { description: 'The field at fault, where one is.', nullable: true })
  field!: string | null;

  @Field(() => String, { description: 'What is wrong, all of it.' })
  message!: string;
}

@ObjectType({ description: 'What became of one row of an import.' })
export class ImportedRow {
  @Field(() => Int, {
    description: 'Line of the table that it begins on, from 1; in JSON the number of the object.',
  })
  line!: number;

  @Field(() => String, { description: 'The name it says, if it says one.', nullable: true })
  name!: string | null;

  @Field(() => Credential, {
    description: 'What was made; null where the row failed, or in a dry run.',
    nullable: true,
  })
  credential!: Credential | null;

  @Field(() => ImportError, { description: 'Null where nothing is wrong.', nullable: true })
  error!: ImportError | null;
}

@ObjectType({ description: 'What came of asking a provider for a balance.' })
export class BalanceRefresh {
  /** Not told: the credential is. */
  id!: string;

  @Field(() => Usd, {
    description: 'Dollars left as far as is known now; null: never told.',
    nullable: true,
    name: 'balance',
  })
  balanceNano!: bigint | null;

  @Field(() => String, { description: 'Why it could not be told; null: it was.', nullable: true })
  error!: string | null;
}

@ObjectType({ description: 'What came of asking a provider for its models.' })
export class ModelDiscovery {
  /** Not told: the credential is. */
  id!: string;

  @Field(() => Int, {
    description: 'How many are known now; null: not known.',
    nullable: true,
  })
  count!: number | null;

  @Field(() => String, {
    description: 'Why they could not be told; null: they were.',
    nullable: true,
  })
  error!: string | null;
}
