import { AdminToken } from './admin-token.ts';
import { Adjustment } from './adjustment.ts';
import { Ban } from './ban.ts';
import { Budget } from './budget.ts';
import { ClientMutation } from './client-mutation.ts';
import { Credential } from './credential.ts';
import { Event } from './event.ts';
import { Hold } from './hold.ts';
import { Model } from './model.ts';
import { Pool } from './pool.ts';
import { Price } from './price.ts';
import { RemoteCall } from './remote-call.ts';
import { SpendRollup } from './spend-rollup.ts';
import { Team } from './team.ts';
import { UsageLine } from './usage-line.ts';
import { UsageQuarter } from './usage-quarter.ts';
import { UsageRecord } from './usage-record.ts';
import { UsageRollup } from './usage-rollup.ts';
import { UsageTotal } from './usage-total.ts';
import { User } from './user.ts';
import { VirtualKey } from './virtual-key.ts';

/** Every table of the product. */
export const entities = [
  AdminToken,
  Adjustment,
  Ban,
  Budget,
  ClientMutation,
  Credential,
  Event,
  Hold,
  Model,
  Pool,
  Price,
  RemoteCall,
  SpendRollup,
  Team,
  UsageLine,
  UsageQuarter,
  UsageRecord,
  UsageRollup,
  UsageTotal,
  User,
  VirtualKey,
];
