import type { Workspace } from '../workspace.ts';
import { CLI } from '../services/actor.ts';

/** What users and teams are called, by id; an id that is nobody's stays one. */
export async function ownerNames({
  users,
  teams,
}: Pick<Workspace, 'users' | 'teams'>): Promise<(id: string) => string> {
  const owners = [...(await users.list(CLI)), ...(await teams.list(CLI))];
  const names = new Map(owners.map(({ id, name }) => [id, name]));
  return (id) => names.get(id) ?? id;
}
