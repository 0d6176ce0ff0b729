/** `viewer` reads all, `operator` runs it day by day, `admin` may do everything. */
export const ADMIN_ROLES = ['viewer', 'operator', 'admin'] as const;

export type AdminRole = (typeof ADMIN_ROLES)[number];
