/** A message that is absent, as inputs leave things out. */
export const present = <T>(message: T | null | undefined): T | undefined => message ?? undefined;
