const PASSING = new Set([408, 409, 425, 429]);

/** Whether an answer says "not now" rather than what came of the call: its retry is a new try. */
export const isPassing = (status: number): boolean => status >= 500 || PASSING.has(status);
