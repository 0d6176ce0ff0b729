import { Field, Int, ObjectType } from 'type-graphql';
import { Credential } from '../../entities/credential.ts';
import { enumOf } from '../../entities/enums.ts';
import { Usd } from '../../entities/scalars.ts';
import type { CredentialTest as Test, TestFinding } from '../../services/credential-tests.ts';

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
