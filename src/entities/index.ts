import { Ban } from './ban.ts';
import { Credential } from './credential.ts';
import { Event } from './event.ts';
import { Hold } from './hold.ts';
import { Model } from './model.ts';
import { Pool } from './pool.ts';
import { Price } from './price.ts';
import { UsageRecord } from './usage-record.ts';
import { UsageRollup } from './usage-rollup.ts';
import { VirtualKey } from './virtual-key.ts';

/** Every table of the product. */
export const entities = [
  Ban,
  Credential,
  Event,
  Hold,
  Model,
  Pool,
  Price,
  UsageRecord,
  UsageRollup,
  VirtualKey,
];
