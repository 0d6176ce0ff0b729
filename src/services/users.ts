import { z } from 'zod';
import { User } from '../entities/user.ts';
import { newId } from '../lib/ids.ts';
import { assignGiven, metadata, uniqueName } from './fields.ts';
import { change, validated } from './operation.ts';
import type { Actor, ServiceParts } from './operation.ts';
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
  readonly #parts: ServiceParts;

  constructor(parts: ServiceParts) {
    this.#parts = parts;
  }

  async create(actor: Actor, input: CreateUserInput): Promise<User> {
    const wanted = validated(createInput, input);
    const made = change(this.#parts, actor, async (tx, note) => {
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
  list(): Promise<User[]> {
    return this.#parts.em.fork().find(User, {}, { orderBy: { name: 'asc' } });
  }

  async update(actor: Actor, idOrName: string, input: UpdateUserInput): Promise<User> {
    const given = validated(updateInput, input);
    const changed = change(this.#parts, actor, async (tx, note) => {
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
