import { Field, InputType, Int } from 'type-graphql';
import { JsonObject, Usd } from '../../entities/scalars.ts';
import type { CreateKeyInput as Wanted } from '../../services/key-input.ts';

@InputType({
  description: 'A virtual key to be made. What is absent is as the defaults of the server say.',
})
export class CreateKeyInput {
  @Field(() => String, { description: 'What the key is for, 1 to 255 characters.' })
  name!: string;

  @Field(() => String, {
    description: 'Pool by id or name; the oldest one unless given.',
    nullable: true,
  })
  pool?: string;

  @Field(() => String, { description: 'Owner by id or name.', nullable: true })
  user?: string;

  @Field(() => String, { description: 'Team by id or name.', nullable: true })
  team?: string;

  @Field(() => Usd, {
    description: 'Dollars it may spend in all; null is no budget.',
    nullable: true,
  })
  budget?: bigint | null;

  @Field(() => Int, {
    description: 'Days until it expires, 1 to 36500; null: never.',
    nullable: true,
  })
  expiresInDays?: number | null;

  @Field(() => Int, {
    description: 'Requests in any 60 seconds; null is unlimited.',
    nullable: true,
  })
  rpmLimit?: number | null;

  @Field(() => Int, { description: 'Tokens in any 60 seconds; null is unlimited.', nullable: true })
  tpmLimit?: number | null;

  @Field(() => Int, { description: 'Calls at once; null is unlimited.', nullable: true })
  concurrencyLimit?: number | null;

  @Field(() => [String], {
    description: 'Models it may ask for, `*` standing for any text; null is all.',
    nullable: true,
  })
  allowedModels?: string[] | null;

  @Field(() => [String], {
    description: 'Endpoints it may call, `*` standing for any text; null is all.',
    nullable: true,
  })
  allowedEndpoints?: string[] | null;

  @Field(() => [String], {
    description: 'Networks it may be used from, in CIDR notation; null is everywhere.',
    nullable: true,
  })
  sourceNetworks?: string[] | null;

  @Field(() => JsonObject, {
    description: 'Notes of your own; nothing here reads them.',
    nullable: true,
  })
  metadata?: NonNullable<Wanted['metadata']>;
}
