import { z } from 'zod';
import { User } from '../entities/user.ts';
import { newId } from '../lib/ids.ts';
import { assignGiven, metadata, uniqueName } from './fields.ts';
import type { Actor } from './actor.ts';
import { pageOf } from './keyset.ts';
import { perform, validated } from './operation.ts';
import { ownerPlaces, pageOwnersInput } from './owners-page.ts';
import type { OwnerParts, PageOwnersInput } from './owners-page.ts';
import type { Page } from './page.ts';
import { permit } from './policy.ts';
import { userNamed } from './subject-named.ts';
import { claimingName } from './unique-name.ts';

const createInput = z.strictObject({ name: uniqueName, metadata: metadata.default({}) });

/** Absent fields stay as they are. */
const updateInput = z.strictObject({
  name: uniqueName.optional(),
  isEnabled: z.boolean().optional(),
  metadata: metadata.optional(),
});

export type CreateUserInput = z.input<typeof createInput>;
export type UpdateUserInput = z.input<typeof updateInput>;

/** Users: made, listed, changed. They are named by id or name. */
export class UserService {
  readonly #parts: OwnerParts;

  constructor(parts: OwnerParts) {
    this.#parts = parts;
  }

  async create(actor: Actor, input: CreateUserInput): Promise<User> {
    const asked = { actor, operation: 'createUser', schema: createInput, input } as const;
    const made = perform(this.#parts, asked, async ({ wanted, tx, note }) => {
      const now = new Date(this.#parts.clock.now());
      const stamps = { createdAt: now, updatedAt: now };
      const row = tx.create(User, { id: newId(), isEnabled: true, ...wanted, ...stamps });
      tx.persist(row);
      note({ type: 'user.created', subject: row.id, after: facts(row) });
      return row;
    });
    return await claimingName('user', made);
  }

  /** By name. */
  async list(actor: Actor): Promise<User[]> {
    permit(actor, 'users');
    return await this.#parts.em.fork().find(User, {}, { orderBy: { name: 'asc' } });
  }

  /** By name. */
  async page(actor: Actor, input: PageOwnersInput = {}): Promise<Page<User>> {
    permit(actor, 'users');
    const wanted = validated(pageOwnersInput, input);
    const found = await ownerPlaces(this.#parts.reader, 'users', wanted);
    return pageOf(found, await this.byIds(found.places.map(({ id }) => id)));
  }

  async get(actor: Actor, idOrName: string): Promise<User> {
    permit(actor, 'user');
    return await userNamed(this.#parts.em.fork(), idOrName, 'id');
  }

  /** For whoever was shown what is theirs. */
  async byIds(ids: readonly string[]): Promise<User[]> {
    return await this.#parts.em.fork().find(User, { id: { $in: [...new Set(ids)] } });
  }

  async update(actor: Actor, idOrName: string, input: UpdateUserInput): Promise<User> {
    const asked = {
      actor,
      operation: 'updateUser',
      schema: updateInput,
      input,
      of: idOrName,
    } as const;
    const changed = perform(this.#parts, asked, async ({ wanted: given, tx, note }) => {
      const row = await userNamed(tx, idOrName);
      const before = facts(row);
      assignGiven(row, { ...given, updatedAt: new Date(this.#parts.clock.now()) });
      note({ type: 'user.updated', subject: row.id, before, after: facts(row) });
      return row;
    });
    return await claimingName('user', changed);
  }
}

const facts = ({ name, isEnabled, metadata: notes }: User) => ({
  name,
  isEnabled,
  metadata: notes,
});
