import { PLACEHOLDER } from './welcome.ts';

const AUTHORIZATION = 'tollgate:authorization';

/**
 * What GraphiQL keeps: drafts, history, headers. All of it may hold a secret (a header, or a
 * provider's key in a mutation), so it outlives a reload and ends with the browser tab.
 */
export const session = window.sessionStorage;

export const isFirstVisit = session.getItem('graphiql:tabState') === null;

export const lastAuthorization = (): string | null => session.getItem(AUTHORIZATION);

/** The authorization that a request goes out with: its own, or else the last one given. */
export function authorizationFor(headers: Record<string, unknown>): string | null {
  const own = Object.entries(headers).find(([name]) => name.toLowerCase() === 'authorization')?.[1];
  if (typeof own !== 'string' || isPlaceholder(own)) return lastAuthorization();
  if (own !== '') session.setItem(AUTHORIZATION, own);
  return own;
}

/** What the text of the headers editor gives as authorization, complete or not. */
export function authorizationIn(text: string): string | null {
  const value = /"authorization"\s*:\s*"([^"]*)"/i.exec(text)?.[1];
  return value === undefined || isPlaceholder(value) ? null : value;
}

const isPlaceholder = (value: string): boolean => value.includes(PLACEHOLDER);
