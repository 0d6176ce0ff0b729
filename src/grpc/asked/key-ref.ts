import type { KeyRef__Output } from '../generated/tollgate/v1/KeyRef.ts';

/** One that is not there names no key, which is told as any other mistake. */
export const askedKey = (key: KeyRef__Output | null) => ({ secret: key?.secret, id: key?.id });
