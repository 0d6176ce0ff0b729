import { KEY_REFUSALS } from '../../services/key-check.ts';
import type { KeyJudgement, KeyRefusal } from '../../services/key-check.ts';
import type { KeyRefusal__Output } from '../generated/tollgate/v1/KeyRefusal.ts';
import type { ValidateKeyResponse } from '../generated/tollgate/v1/ValidateKeyResponse.ts';
import { toldBudget } from './budget.ts';
import { given } from './given.ts';
import { toldKey } from './key.ts';
import { toldLimit } from './limit.ts';

const REASONS = {
  invalid_format: 'KEY_REFUSAL_INVALID_FORMAT',
  invalid_prefix: 'KEY_REFUSAL_INVALID_PREFIX',
  not_found: 'KEY_REFUSAL_NOT_FOUND',
  inactive: 'KEY_REFUSAL_INACTIVE',
  expired: 'KEY_REFUSAL_EXPIRED',
  address_not_allowed: 'KEY_REFUSAL_ADDRESS_NOT_ALLOWED',
  endpoint_not_allowed: 'KEY_REFUSAL_ENDPOINT_NOT_ALLOWED',
  model_not_allowed: 'KEY_REFUSAL_MODEL_NOT_ALLOWED',
  budget_exceeded: 'KEY_REFUSAL_BUDGET_EXCEEDED',
  rate_limit_exceeded: 'KEY_REFUSAL_RATE_LIMIT_EXCEEDED',
} as const satisfies Record<KeyRefusal, KeyRefusal__Output>;

export function toldJudgement(judged: KeyJudgement): ValidateKeyResponse {
  const { refusal, key, limits, budgets, remainingNano, retryAfterMs } = judged;
  return {
    valid: refusal === null,
    reason: refusal === null ? 'KEY_REFUSAL_UNSPECIFIED' : REASONS[refusal],
    error: refusal === null ? '' : KEY_REFUSALS[refusal],
    key: key === null ? null : toldKey(key),
    limits: limits.map(toldLimit),
    budgets: budgets.map(toldBudget),
    ...given({
      remainingNanoUsd: remainingNano?.toString(),
      // Never earlier than it is.
      retryAfterMillis: retryAfterMs === null ? null : Math.ceil(retryAfterMs),
    }),
  };
}
