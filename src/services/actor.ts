/** What an actor may do, least first; each may do all that those before it may. */
export const ROLES = ['user', 'viewer', 'operator', 'admin'] as const;

/** `user`: what is theirs alone · `viewer`: reads all · `operator`: runs it day by day · `admin`: all. */
export type Role = (typeof ROLES)[number];

/** Who performs an operation. */
export interface Actor {
  /** As events tell it: `system`, `cli`, `admin`, `token:NAME`, `user:ID`. */
  readonly name: string;
  readonly role: Role;
  /** The user whose things alone it may see and change; null: not bound to one. */
  readonly userId: string | null;
  /** The request that it asks by; events name it. */
  readonly requestId?: string;
  /** The caller's own id of a change: one that comes again is not made again. */
  readonly mutationId?: string;
  /** The admin token it showed. */
  readonly tokenId?: string;
  /** From then on what it showed opens nothing; epoch milliseconds. */
  readonly expiresAtMs?: number;
}

const named = (name: string): Actor => ({ name, role: 'admin', userId: null });

/** The gateway itself. */
export const SYSTEM = named('system');
/** Whoever may read the data directory. */
export const CLI = named('cli');
/** Whoever knows the admin secret. */
export const ADMIN = named('admin');

const rank = (role: Role): number => ROLES.indexOf(role);

export const hasRole = (actor: Actor, least: Role): boolean => rank(actor.role) >= rank(least);
