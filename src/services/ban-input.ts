import { z } from 'zod';
import type { BanReason } from '../entities/ban.ts';
import { reference } from './fields.ts';
import { first } from './page.ts';

const model = z.string().trim().min(1).max(256);

export const banInput = z.strictObject({
  credential: reference,
  /** Upstream model; the whole credential unless given. */
  model: model.optional(),
  /** Until it is lifted unless given. */
  durationMs: z.number().int().min(1).optional(),
  note: z.string().trim().min(1).max(500).optional(),
});

export const liftInput = z.strictObject({
  credential: reference,
  /** Only bans for this upstream model; all of the credential's unless given. */
  model: model.optional(),
});

export const resetInput = z.strictObject({
  credential: reference,
  /** Bans that operators imposed end as well. */
  isBanLifted: z.boolean().default(false),
});

const REASONS: readonly BanReason[] = ['unauthorized', 'counted', 'operator'];

export const bansInput = z.strictObject({
  filter: z
    .strictObject({
      credential: reference.optional(),
      pool: reference.optional(),
      /** In force now, or not any more. */
      isActive: z.boolean().optional(),
      reason: z.enum(REASONS).optional(),
    })
    .default({}),
  first,
  /** Id of the ban to go on after. */
  after: z.uuid('must be a cursor that was given with a ban').optional(),
});

export type BanInput = z.input<typeof banInput>;
export type LiftInput = z.input<typeof liftInput>;
export type ResetInput = z.input<typeof resetInput>;
export type BansInput = z.input<typeof bansInput>;
