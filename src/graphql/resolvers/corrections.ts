import { Arg, Ctx, FieldResolver, Mutation, Resolver, Root } from 'type-graphql';
import { UsageRecord } from '../../entities/usage-record.ts';
import { asked } from '../asked.ts';
import { doing } from '../context.ts';
import type { Context } from '../context.ts';
import { MutationId } from '../mutation-id.ts';
import {
  AdjustedRequest,
  AdjustLedgerInput,
  RepriceLedgerInput,
  RepriceReport,
} from '../types/correction.ts';

@Resolver(() => AdjustedRequest)
export class CorrectionResolver {
  @Mutation(() => RepriceReport, {
    description:
      'Charges calls on record at the prices that are known now to have held at their time, by adjustments beside them. May be repeated: nothing is adjusted twice.',
  })
  async repriceLedger(
    @Ctx() { actor, services }: Context,
    @Arg('input', () => RepriceLedgerInput, { description: 'Which calls.', nullable: true })
    input?: RepriceLedgerInput,
  ): Promise<RepriceReport> {
    const { isDryRun = false, ...only }: Partial<RepriceLedgerInput> = input ?? {};
    const wanted = { ...asked(only), dryRun: isDryRun };
    const report = await services.corrections.reprice(actor, wanted);
    const leftAlone = [...report.leftAlone].map(([reason, calls]) => ({ reason, calls }));
    return { ...report, leftAlone, isDryRun };
  }

  @Mutation(() => AdjustedRequest, {
    description:
      "Corrects what one call cost, on an operator's word, by an adjustment beside its record. Later prices leave it alone.",
  })
  async adjustLedger(
    @Ctx() context: Context,
    @Arg('input', () => AdjustLedgerInput, { description: 'Which call, and what it cost.' })
    input: AdjustLedgerInput,
    @MutationId() mutationId?: string,
  ): Promise<AdjustedRequest> {
    const { corrections } = context.services;
    const corrected = await corrections.adjust(doing(context, mutationId), asked(input));
    return { ...corrected, requestId: input.requestId, isAdjusted: corrected.entries > 0 };
  }

  @FieldResolver(() => UsageRecord, { description: 'The call.' })
  async request(
    @Ctx() { actor, services }: Context,
    @Root() { requestId }: AdjustedRequest,
  ): Promise<UsageRecord> {
    return (await services.requests.explain(actor, requestId)).record;
  }
}
