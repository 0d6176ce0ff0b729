import { z } from 'zod';
import { cap } from './budget-input.ts';
import { concurrencyLimit, label, metadata, reference, rpmLimit, tpmLimit } from './fields.ts';
import { allowedEndpoints, allowedModels, sourceNetworks } from './key-restrictions.ts';

/** Ten years, as for every duration. */
const OVERLAP_MAX_MS = 3650 * 86_400_000;

const expiresInDays = z.number().int().min(1).max(36_500).nullable();

/** What may be said of a key. `endpointIds` are those that a restriction may name. */
export function keyInput(endpointIds: readonly string[]) {
  const settings = {
    user: reference.nullable(),
    team: reference.nullable(),
    metadata,
    allowedModels,
    allowedEndpoints: allowedEndpoints(endpointIds),
    sourceNetworks,
    rpmLimit,
    tpmLimit,
    concurrencyLimit,
    expiresInDays,
  };
  return {
    create: z.strictObject({
      name: label,
      /** Id or name; the oldest one unless given. */
      pool: reference.optional(),
      /** Dollars it may spend in all; null is no budget. */
      budget: cap.nullable().optional(),
      ...z.object(settings).partial().shape,
    }),
    /** Absent fields stay as they are; null lifts a restriction, a limit or an expiry. */
    update: z.strictObject({
      ...z.object({ name: label, isActive: z.boolean(), ...settings }).partial().shape,
    }),
  };
}

type KeyInput = ReturnType<typeof keyInput>;

export type CreateKeyInput = z.input<KeyInput['create']>;
export type UpdateKeyInput = z.input<KeyInput['update']>;

export const rotateInput = z.strictObject({
  /** How long the key before still works; dead at once unless given. */
  overlapMs: z.number().int().min(1).max(OVERLAP_MAX_MS).optional(),
});

export type RotateKeyInput = z.input<typeof rotateInput>;
