import { z } from 'zod';

/** The most that one page holds. */
export const PAGE_MAX = 100;
const PAGE = 20;

/** How many there are on a page. */
export const first = z.number().int().min(1).max(PAGE_MAX).default(PAGE);

/**
 * A page of a list. Where little of a list is meant, looking for it ends after a while: the page may
 * then have fewer than were asked for, or none, and there is a next one all the same.
 */
export interface Page<T> {
  items: { cursor: string; node: T }[];
  /** To go on after this page, also one without anything on it; null when it is the last. */
  endCursor: string | null;
  hasNextPage: boolean;
}

/** A page of what was found, if there is more: one more than the page has. */
export function pageOf<T>(
  found: readonly T[],
  size: number,
  cursorOf: (node: T) => string,
): Page<T> {
  const items = found.slice(0, size).map((node) => ({ cursor: cursorOf(node), node }));
  const hasNextPage = found.length > size;
  return { items, hasNextPage, endCursor: hasNextPage ? (items.at(-1)?.cursor ?? null) : null };
}
