import type { IncomingHttpHeaders } from 'node:http';

/**
 * Whether a page of another site asks, in the browser of somebody who may reach us (trust C32).
 * Programs send no `Origin`; a proxy in front must leave `Host` as it was.
 */
export const isForeignPage = ({ origin, host }: IncomingHttpHeaders): boolean =>
  origin !== undefined && URL.parse(origin)?.host !== host?.toLowerCase();
