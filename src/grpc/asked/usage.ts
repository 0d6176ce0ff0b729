import type { RecordInput, ReserveInput, UsageInput } from '../../services/remote-input.ts';
import type { ExpiryAction__Output } from '../generated/tollgate/v1/ExpiryAction.ts';
import type { RecordUsageRequest__Output } from '../generated/tollgate/v1/RecordUsageRequest.ts';
import type { ReserveRequest__Output } from '../generated/tollgate/v1/ReserveRequest.ts';
import type { TokenUsage__Output } from '../generated/tollgate/v1/TokenUsage.ts';
import { askedKey } from './key-ref.ts';
import { present } from './present.ts';

/** Undefined where the message has none. */
export const askedUsage = (usage: TokenUsage__Output | null | undefined): UsageInput | undefined =>
  usage === null || usage === undefined
    ? undefined
    : {
        input: usage.input,
        cache_read: usage.cacheRead,
        cache_write: usage.cacheWrite,
        output: usage.output,
        reasoning: usage.reasoning,
        input_audio: usage.inputAudio,
        cache_read_audio: usage.cacheReadAudio,
        output_audio: usage.outputAudio,
        images: usage.images,
        audio_millis: usage.audioMillis,
        requests: usage.requests,
      };

export const askedRecord = (asked: RecordUsageRequest__Output): RecordInput => ({
  idempotency_id: asked.idempotencyId,
  key: askedKey(asked.key),
  provider: asked.provider,
  model: asked.model,
  endpoint: asked.endpoint,
  usage: askedUsage(asked.usage),
  cost_nano_usd: asked.costNanoUsd,
  used_at: present(asked.usedAt),
  counts_in_limits: asked.countsInLimits,
});

const EXPIRY: Record<ExpiryAction__Output, ReserveInput['on_expiry']> = {
  EXPIRY_ACTION_UNSPECIFIED: 'charge',
  EXPIRY_ACTION_CHARGE: 'charge',
  EXPIRY_ACTION_RELEASE: 'release',
};

/** A number that the contract has no name for comes as it is, and is told as a mistake. */
const askedExpiry = (asked: ExpiryAction__Output) =>
  EXPIRY[asked] ?? (asked as ReserveInput['on_expiry']);

export const askedReserve = (asked: ReserveRequest__Output): ReserveInput => ({
  idempotency_id: asked.idempotencyId,
  key: askedKey(asked.key),
  provider: asked.provider,
  model: asked.model,
  endpoint: asked.endpoint,
  amount_nano_usd: asked.amountNanoUsd,
  estimate: askedUsage(asked.estimate),
  expires_in: present(asked.expiresIn),
  on_expiry: askedExpiry(asked.onExpiry),
});
