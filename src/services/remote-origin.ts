import type { RemoteCallKind } from '../entities/remote-call.ts';
import type { Reader } from './reader/reader.ts';

/** What another service said of a call that it made itself. */
export interface RemoteOrigin {
  kind: RemoteCallKind;
  /** The service, as it showed itself. */
  actor: string;
  /** The service's own name for the call. */
  idempotencyId: string;
  /** Who was called; empty where that was not said. */
  provider: string;
}

/** Null for a call of `/v1`. */
export async function remoteOriginOf(
  reader: Reader,
  requestId: string,
): Promise<RemoteOrigin | null> {
  const [row] = await reader.rows<RemoteOrigin>(
    `select kind, actor, idempotency_id as "idempotencyId", provider
     from remote_calls where id = ?`,
    [requestId],
  );
  return row ?? null;
}
