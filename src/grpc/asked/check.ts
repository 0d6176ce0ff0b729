import type { CheckInput } from '../../services/key-check-input.ts';
import type { ValidateKeyRequest__Output } from '../generated/tollgate/v1/ValidateKeyRequest.ts';
import { askedKey } from './key-ref.ts';

export const askedCheck = (asked: ValidateKeyRequest__Output): CheckInput => ({
  key: askedKey(asked.key),
  model: asked.model,
  endpoint: asked.endpoint,
  source_address: asked.sourceAddress,
  estimate_nano_usd: asked.estimateNanoUsd,
  estimate_tokens: asked.estimateTokens,
});
