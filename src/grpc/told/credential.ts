import type { CredentialHealth } from '../../services/credential-watch.ts';
import type { BalanceNow } from '../../services/live-balances.ts';
import type { CredentialHealth as CredentialHealthMessage } from '../generated/tollgate/v1/CredentialHealth.ts';
import type { WatchBalancesResponse } from '../generated/tollgate/v1/WatchBalancesResponse.ts';
import { given } from './given.ts';
import { toldTime } from './time.ts';

export const toldHealth = (health: CredentialHealth): CredentialHealthMessage => ({
  id: health.credential.id,
  name: health.credential.name,
  poolId: health.credential.poolId,
  provider: health.credential.provider,
  isUsable: health.isUsable,
  blocks: health.blocks.map(({ state, model, untilMs }) => ({
    state,
    model: model ?? '',
    until: toldTime(untilMs),
  })),
  ...given({ balanceNanoUsd: health.balanceNano?.toString() }),
  inFlight: health.inFlight,
});

export const toldBalance = (balance: BalanceNow): WatchBalancesResponse => ({
  credentialId: balance.credentialId,
  name: balance.credentialName,
  poolId: balance.poolId,
  ...given({ balanceNanoUsd: balance.balanceNano?.toString() }),
  checkedAt: toldTime(balance.checkedAtMs),
});
