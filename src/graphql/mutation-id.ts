import { Arg } from 'type-graphql';

const NAME = 'clientMutationId';

/** The argument by which a change that is asked for twice is made once. */
export const MutationId = () =>
  Arg(NAME, () => String, {
    nullable: true,
    description:
      "The caller's own id of this change, 1 to 128 characters. Asked for again under the same id within a day, nothing is done: the first answer is given, without secrets.",
  });
