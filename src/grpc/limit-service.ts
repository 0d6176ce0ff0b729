import type { ControlPlane } from '../services/control-plane.ts';
import { askedKey } from './asked/key-ref.ts';
import { present } from './asked/present.ts';
import type { GetLimitsRequest__Output } from './generated/tollgate/v1/GetLimitsRequest.ts';
import type { GetLimitsResponse } from './generated/tollgate/v1/GetLimitsResponse.ts';
import type { SettleLimitsRequest__Output } from './generated/tollgate/v1/SettleLimitsRequest.ts';
import type { SettleLimitsResponse } from './generated/tollgate/v1/SettleLimitsResponse.ts';
import type { TakeLimitsRequest__Output } from './generated/tollgate/v1/TakeLimitsRequest.ts';
import type { TakeLimitsResponse } from './generated/tollgate/v1/TakeLimitsResponse.ts';
import type { Unary } from './rpc.ts';
import { toldLimit } from './told/limit.ts';

export interface LimitServiceMethods {
  TakeLimits: Unary<TakeLimitsRequest__Output, TakeLimitsResponse>;
  SettleLimits: Unary<SettleLimitsRequest__Output, SettleLimitsResponse>;
  GetLimits: Unary<GetLimitsRequest__Output, GetLimitsResponse>;
}

/** Limits for services that proxy calls themselves. */
export const limitService = ({ leases }: ControlPlane): LimitServiceMethods => ({
  TakeLimits({ key, tokens, expiresIn, idempotencyId }, { actor }) {
    const { leaseId, limits, isRepeat } = leases.take(actor, {
      key: askedKey(key),
      tokens,
      expires_in: present(expiresIn),
      idempotency_id: idempotencyId,
    });
    return { leaseId, limits: limits.map(toldLimit), isRepeat };
  },

  SettleLimits: ({ leaseId, tokens }, { actor }) => ({
    wasOpen: leases.settle(actor, { lease_id: leaseId, tokens }),
  }),

  GetLimits: ({ key }, { actor }) => ({
    limits: leases.windows(actor, { key: askedKey(key) }).map(toldLimit),
  }),
});
