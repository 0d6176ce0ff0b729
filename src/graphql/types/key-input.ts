import { Field, ID, InputType, Int } from 'type-graphql';
import { enumOf } from '../../entities/enums.ts';
import { JsonObject, Usd } from '../../entities/scalars.ts';
import type { VirtualKeyStatus } from '../../entities/virtual-key.ts';
import type { CreateKeyInput as Wanted } from '../../services/key-input.ts';

export const VirtualKeyStatusEnum = enumOf<VirtualKeyStatus>(
  'VirtualKeyStatus',
  'Whether a key works, by itself: its owner or team may be switched off all the same.',
  {
    active: 'It works.',
    inactive: 'It was switched off.',
    expired: 'Its time is over.',
    deleted: 'It was deleted; operators may restore it.',
  },
);

@InputType({ description: 'Which virtual keys; absent is all that are not deleted.' })
export class KeyFilter {
  @Field(() => String, {
    description:
      'Only those with this text in name or hint, or at the start of the id; in upper or lower case.',
    nullable: true,
  })
  search?: string;

  @Field(() => [VirtualKeyStatusEnum], {
    description: 'Only those in one of these states.',
    nullable: true,
  })
  status?: VirtualKeyStatus[];

  @Field(() => ID, { description: 'Only those of a pool, by id or name.', nullable: true })
  pool?: string;

  @Field(() => ID, { description: 'Only those of a user, by id or name.', nullable: true })
  user?: string;

  @Field(() => ID, { description: 'Only those of a team, by id or name.', nullable: true })
  team?: string;
}

/** What may be said of a key that is made and of one that is changed. */
@InputType()
class KeySettings {
  @Field(() => ID, { description: 'Owner by id or name; null is none.', nullable: true })
  user?: string | null;

  @Field(() => ID, { description: 'Team by id or name; null is none.', nullable: true })
  team?: string | null;

  @Field(() => Int, {
    description: 'Days from now until it expires, 1 to 36500; null: never.',
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
    description: 'Notes of your own, 16384 characters at most; nothing here reads them.',
    nullable: true,
  })
  metadata?: NonNullable<Wanted['metadata']>;
}

@InputType({
  description: 'A virtual key to be made. What is absent is as the defaults of the server say.',
})
export class CreateKeyInput extends KeySettings {
  @Field(() => String, { description: 'What the key is for, 1 to 255 characters.' })
  name!: string;

  @Field(() => ID, {
    description: 'Pool by id or name; the oldest one unless given.',
    nullable: true,
  })
  pool?: string;

  @Field(() => Usd, {
    description: 'Dollars it may spend in all; null is no budget.',
    nullable: true,
  })
  budget?: bigint | null;
}

@InputType({
  description: 'What to change in a virtual key. What is absent stays as it is.',
})
export class UpdateKeyInput extends KeySettings {
  @Field(() => String, {
    description: 'What the key is for, 1 to 255 characters.',
    nullable: true,
  })
  name?: string;

  @Field(() => Boolean, { description: 'False: refused from now on.', nullable: true })
  isActive?: boolean;
}
