import { Field, ID, InputType, Int } from 'type-graphql';
import { enumOf } from '../../entities/enums.ts';
import type { RowFormat } from '../../services/credential-rows.ts';

export const RowFormatEnum = enumOf<RowFormat>('ImportFormat', 'How the text is written.', {
  csv: 'Comma-separated values (RFC 4180); the first line has the names of the columns.',
  json: 'A list of objects.',
});

@InputType({ description: 'A credential to be added. The secret goes in and never out.' })
export class AddCredentialInput {
  @Field(() => ID, {
    description:
      'Pool by id or name. Users leave it out: their own pool is meant, which is made with their first credential.',
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
    description: "Where the provider's `/v1` is; its default unless given. Only admins may say so.",
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
    description:
      'Upstream models it serves, each with two `*` at most; null: those its provider lists.',
    nullable: true,
  })
  models?: string[] | null;
}

@InputType({ description: 'What to change in a credential. What is absent stays as it is.' })
export class UpdateCredentialInput {
  @Field(() => String, { description: 'Its new name, unique in its pool.', nullable: true })
  name?: string;

  @Field(() => String, {
    description:
      'Its new secret. If it is another one, bans that the old one has earned end, and its balance is forgotten.',
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
    description:
      'Upstream models it serves, each with two `*` at most; null: those its provider lists.',
    nullable: true,
  })
  models?: string[] | null;
}

@InputType({
  description:
    'What is tested: a credential that is stored, or one by provider and secret, which is not stored.',
})
export class TestCredentialInput {
  @Field(() => ID, {
    description: 'Id, `pool/name`, or a name that one alone has.',
    nullable: true,
  })
  credential?: string;

  @Field(() => String, { description: 'Kind of API, with `secret`.', nullable: true })
  provider?: string;

  @Field(() => String, { description: 'What its provider gave.', nullable: true })
  secret?: string;

  @Field(() => String, {
    description: "Where the provider's `/v1` is; its default unless given. Only admins may say so.",
    nullable: true,
  })
  baseUrl?: string;
}

@InputType({ description: 'Credentials to be added, one in each row of a text.' })
export class ImportCredentialsInput {
  @Field(() => ID, { description: 'Pool by id or name.' })
  pool!: string;

  @Field(() => RowFormatEnum, { description: 'How the text is written.' })
  format!: RowFormat;

  @Field(() => String, {
    description:
      'A row for each credential, 1000 at most, with fields or columns as `tollgate.yaml` spells them: `name`, `provider`, `api_key`, `base_url`, `weight`, `priority`, `rpm`, `tpm`, `models` (in CSV with spaces between).',
  })
  text!: string;

  @Field(() => Boolean, {
    description: 'Only says what each row would come to: nothing is stored.',
    defaultValue: false,
  })
  isDryRun!: boolean;
}
