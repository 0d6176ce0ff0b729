import { z } from 'zod';
import { Team } from '../entities/team.ts';
import { newId } from '../lib/ids.ts';
import {
  assignGiven,
  concurrencyLimit,
  metadata,
  rpmLimit,
  tpmLimit,
  uniqueName,
} from './fields.ts';
import type { Actor } from './actor.ts';
import { pageOf } from './keyset.ts';
import { perform, validated } from './operation.ts';
import { ownerPlaces, pageOwnersInput } from './owners-page.ts';
import type { OwnerParts, PageOwnersInput } from './owners-page.ts';
import type { Page } from './page.ts';
import { permit } from './policy.ts';
import { teamNamed } from './subject-named.ts';
import { claimingName } from './unique-name.ts';

const createInput = z.strictObject({
  name: uniqueName,
  rpmLimit: rpmLimit.default(null),
  tpmLimit: tpmLimit.default(null),
  concurrencyLimit: concurrencyLimit.default(null),
  metadata: metadata.default({}),
});

/** Absent fields stay as they are; null lifts a limit. */
const updateInput = z.strictObject({
  name: uniqueName.optional(),
  isEnabled: z.boolean().optional(),
  rpmLimit: rpmLimit.optional(),
  tpmLimit: tpmLimit.optional(),
  concurrencyLimit: concurrencyLimit.optional(),
  metadata: metadata.optional(),
});

export type CreateTeamInput = z.input<typeof createInput>;
export type UpdateTeamInput = z.input<typeof updateInput>;

/** Teams: made, listed, changed. They are named by id or name. */
export class TeamService {
  readonly #parts: OwnerParts;

  constructor(parts: OwnerParts) {
    this.#parts = parts;
  }

  async create(actor: Actor, input: CreateTeamInput): Promise<Team> {
    const asked = { actor, operation: 'createTeam', schema: createInput, input } as const;
    const made = perform(this.#parts, asked, async ({ wanted, tx, note }) => {
      const now = new Date(this.#parts.clock.now());
      const stamps = { createdAt: now, updatedAt: now };
      const row = tx.create(Team, { id: newId(), isEnabled: true, ...wanted, ...stamps });
      tx.persist(row);
      note({ type: 'team.created', subject: row.id, after: facts(row) });
      return row;
    });
    return await claimingName('team', made);
  }

  /** By name. */
  async list(actor: Actor): Promise<Team[]> {
    permit(actor, 'teams');
    return await this.#parts.em.fork().find(Team, {}, { orderBy: { name: 'asc' } });
  }

  /** By name. */
  async page(actor: Actor, input: PageOwnersInput = {}): Promise<Page<Team>> {
    permit(actor, 'teams');
    const wanted = validated(pageOwnersInput, input);
    const found = await ownerPlaces(this.#parts.reader, 'teams', wanted);
    return pageOf(found, await this.byIds(found.places.map(({ id }) => id)));
  }

  async get(actor: Actor, idOrName: string): Promise<Team> {
    permit(actor, 'team');
    return await teamNamed(this.#parts.em.fork(), idOrName, 'id');
  }

  /** For whoever was shown what is theirs. */
  async byIds(ids: readonly string[]): Promise<Team[]> {
    return await this.#parts.em.fork().find(Team, { id: { $in: [...new Set(ids)] } });
  }

  async update(actor: Actor, idOrName: string, input: UpdateTeamInput): Promise<Team> {
    const asked = {
      actor,
      operation: 'updateTeam',
      schema: updateInput,
      input,
      of: idOrName,
    } as const;
    const changed = perform(this.#parts, asked, async ({ wanted: given, tx, note }) => {
      const row = await teamNamed(tx, idOrName);
      const before = facts(row);
      assignGiven(row, { ...given, updatedAt: new Date(this.#parts.clock.now()) });
      note({ type: 'team.updated', subject: row.id, before, after: facts(row) });
      return row;
    });
    return await claimingName('team', changed);
  }
}

const facts = (row: Team) => ({
  name: row.name,
  isEnabled: row.isEnabled,
  rpmLimit: row.rpmLimit,
  tpmLimit: row.tpmLimit,
  concurrencyLimit: row.concurrencyLimit,
  metadata: row.metadata,
});
