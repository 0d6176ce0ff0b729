import type { Event } from '../entities/event.ts';

/** Which events are wanted; all of them where nothing is said. */
export interface EventFilter {
  /** Whole types, or the start of some followed by `*`: `virtual_key.created`, `credential_*`. */
  types?: readonly string[] | undefined;
  /** Id of the thing that changed. */
  subject?: string | undefined;
}

/** Sorts after every text that begins with what stands before it. */
const LAST = '\u{10FFFF}';

const startOf = (type: string): string | null => (type.endsWith('*') ? type.slice(0, -1) : null);

/** The filter for events in memory. */
export function isWantedBy({ types, subject }: EventFilter): (event: Event) => boolean {
  const whole = new Set(types);
  const starts = (types ?? []).map(startOf).filter((start) => start !== null);
  const hasType = (type: string) =>
    types === undefined || whole.has(type) || starts.some((start) => type.startsWith(start));
  return (event) => hasType(event.type) && (subject === undefined || event.subject === subject);
}

interface Where {
  $or?: { type: string | { $gte: string; $lt: string } }[];
  subject?: string;
}

/** The same for rows. */
export function whereWanted({ types, subject }: EventFilter): Where {
  const ofType = (types ?? []).map((type) => {
    const start = startOf(type);
    return { type: start === null ? type : { $gte: start, $lt: `${start}${LAST}` } };
  });
  return {
    ...(types === undefined ? {} : { $or: ofType }),
    ...(subject === undefined ? {} : { subject }),
  };
}
