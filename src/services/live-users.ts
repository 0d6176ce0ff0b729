import type { EntityManager } from '@mikro-orm/sqlite';
import { User } from '../entities/user.ts';

export type LiveUser = Pick<User, 'id' | 'name' | 'isEnabled'>;

/** Every user in memory, by id and by name. */
export class LiveUsers {
  readonly #em: EntityManager;
  readonly #byId = new Map<string, LiveUser>();
  readonly #byName = new Map<string, LiveUser>();

  constructor(em: EntityManager) {
    this.#em = em;
  }

  async load(): Promise<void> {
    for (const row of await this.#em.fork().find(User, {})) this.#put(row);
  }

  /** Reads one user again. */
  async reload(id: string): Promise<void> {
    const row = await this.#em.fork().findOne(User, { id });
    const known = this.#byId.get(id);
    if (known !== undefined && this.#byName.get(known.name) === known) {
      this.#byName.delete(known.name);
    }
    this.#byId.delete(id);
    if (row !== null) this.#put(row);
  }

  /** Names do not look like ids, so there is one at most. */
  named(idOrName: string): LiveUser | undefined {
    return this.#byId.get(idOrName) ?? this.#byName.get(idOrName);
  }

  isEnabled(id: string): boolean {
    return this.#byId.get(id)?.isEnabled === true;
  }

  #put({ id, name, isEnabled }: User): void {
    const user = { id, name, isEnabled };
    this.#byId.set(id, user);
    this.#byName.set(name, user);
  }
}
