type Given<T> = { [K in keyof T]?: Exclude<T[K], null | undefined> };

/** Fields of a message that may be absent: those that are null or undefined are left out. */
export const given = <T extends object>(fields: T): Given<T> =>
  Object.fromEntries(
    Object.entries(fields).filter(([, value]) => value !== null && value !== undefined),
  ) as Given<T>;
