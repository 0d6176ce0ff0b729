type Asked<T> = { [K in keyof T]: NonNullable<T[K]> };

/** What is asked for, as services take it: null asks for nothing in particular, as absence does. */
export const asked = <T extends object>(input: T): Asked<T> =>
  Object.fromEntries(
    Object.entries(input).filter(([, value]) => value !== undefined && value !== null),
  ) as Asked<T>;
