/**
 * Input as services take it: a plain object with what the caller wrote and nothing else. A field that
 * is absent is not the same as one that is null.
 */
export const given = <T extends object>(input: T): T =>
  Object.fromEntries(Object.entries(input).filter(([, value]) => value !== undefined)) as T;
