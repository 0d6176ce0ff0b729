import { Arg, Ctx, ID, Mutation, Resolver } from 'type-graphql';
import type { ImportedRow as Row } from '../../services/credential-import.ts';
import { asked } from '../asked.ts';
import { doing } from '../context.ts';
import type { Context } from '../context.ts';
import { given } from '../given.ts';
import { MutationId } from '../mutation-id.ts';
import { ImportCredentialsInput, TestCredentialInput } from '../types/credential-input.ts';
import {
  BalanceRefresh,
  CredentialTest,
  ImportedRow,
  ModelDiscovery,
} from '../types/credential-work.ts';

const CredentialArg = () =>
  Arg('credential', () => ID, {
    description: 'Only this one: id, `pool/name`, or a name that it alone has.',
    nullable: true,
  });

const PoolArg = () =>
  Arg('pool', () => ID, { description: 'Only those of this pool, by id or name.', nullable: true });

/** What is done with credentials besides changing one: asking about them, and adding many. */
@Resolver()
export class CredentialWorkResolver {
  @Mutation(() => CredentialTest, {
    description:
      'Asks a provider now whether a credential works, what is left on it and which models it has. Stores nothing; 30 in a minute at most.',
  })
  async testCredential(
    @Ctx() { actor, services }: Context,
    @Arg('input', () => TestCredentialInput, { description: 'What is tested.' })
    input: TestCredentialInput,
  ): Promise<CredentialTest> {
    return await services.credentialTests.test(actor, asked(input));
  }

  @Mutation(() => [ImportedRow], {
    description:
      'Adds many credentials, each row by itself: one that fails stops no other. 1000 rows and a million characters at most.',
  })
  async importCredentials(
    @Ctx() context: Context,
    @Arg('input', () => ImportCredentialsInput, { description: 'Where to, and the text.' })
    input: ImportCredentialsInput,
    @MutationId() mutationId?: string,
  ): Promise<ImportedRow[]> {
    const { imports } = context.services;
    const rows = await imports.run(doing(context, mutationId), given(input));
    return rows.map((row) => importedRow(row));
  }

  @Mutation(() => [BalanceRefresh], {
    description:
      'Asks the providers for balances now: of one credential, of a pool, or all. Who asks during a round shares it.',
  })
  async refreshBalances(
    @Ctx() { actor, services }: Context,
    @CredentialArg() credential?: string,
    @PoolArg() pool?: string,
  ): Promise<BalanceRefresh[]> {
    return await services.liveCredentials.refreshBalances(actor, asked({ credential, pool }));
  }

  @Mutation(() => [ModelDiscovery], {
    description: 'Asks the providers for their models now: of one credential, of a pool, or all.',
  })
  async rediscoverModels(
    @Ctx() { actor, services }: Context,
    @CredentialArg() credential?: string,
    @PoolArg() pool?: string,
  ): Promise<ModelDiscovery[]> {
    return await services.liveCredentials.rediscoverModels(actor, asked({ credential, pool }));
  }
}

const importedRow = ({ error, ...row }: Row): ImportedRow => ({
  ...row,
  credential: row.credential as ImportedRow['credential'],
  error: error === null ? null : { ...error, code: error.code.toUpperCase() },
});
