import { expect } from '@jest/globals';
import type { BudgetNow } from '../../../src/services/budgets-now.ts';
import type { Actor } from '../../../src/services/actor.ts';
import { SYSTEM } from '../../../src/services/actor.ts';
import type { RecordInput, ReserveInput } from '../../../src/services/remote-input.ts';
import { usdFromNano } from '../../../src/lib/money.ts';
import type { Gateway } from '../../support/gateway.ts';

/** Another service, by its token. */
export const BILLER: Actor = { name: 'token:biller', role: 'operator', userId: null };

/** What one token costs at gpt-4o-mini, nano-USD. */
export const INPUT_NANO = 150n;
export const OUTPUT_NANO = 600n;

let serial = 0;

export const anId = (): string => `call-${(serial += 1)}`;

/** A call of ten tokens in and five out. */
export const aUsage = ({ keyId }: Gateway, fields: Partial<RecordInput> = {}): RecordInput => ({
  idempotency_id: anId(),
  key: { id: keyId },
  provider: 'openai',
  model: 'gpt-4o-mini',
  endpoint: 'chat.completions',
  usage: { input: 10, output: 5 },
  ...fields,
});

export const USAGE_NANO = 10n * INPUT_NANO + 5n * OUTPUT_NANO;

export const aReservation = (
  { keyId }: Gateway,
  fields: Partial<ReserveInput> = {},
): ReserveInput => ({
  idempotency_id: anId(),
  key: { id: keyId },
  provider: 'openai',
  model: 'gpt-4o-mini',
  amount_nano_usd: 10_000,
  ...fields,
});

/** A hard budget of the gateway's key, for ever. */
export async function capOf({ space, keyId }: Gateway, nano: bigint, fields: object = {}) {
  const { budget } = await space.budgets.set(SYSTEM, {
    scope: 'key',
    subject: keyId,
    cap: usdFromNano(nano),
    period: 'none',
    ...fields,
  });
  return budget.id;
}

/** How the key's only budget stands in memory, by what refusals go by. */
export function standing({ app, keyId }: Gateway): Pick<BudgetNow, 'settledNano' | 'heldNano'> {
  const { budgets } = app.services.keyChecks.check(SYSTEM, { key: { id: keyId } });
  const [budget] = budgets;
  if (budget === undefined || budgets.length > 1) throw new Error('It has one budget.');
  return { settledNano: budget.settledNano, heldNano: budget.heldNano };
}

/** Memory says of the budget what the store says. */
export async function expectOneTruth(gateway: Gateway, budgetId: string): Promise<void> {
  await gateway.records();
  const { settledNano, heldNano, isEqual } = await gateway.space.budgets.explain(SYSTEM, budgetId);
  expect({ ...standing(gateway), isEqual }).toEqual({ settledNano, heldNano, isEqual: true });
}
