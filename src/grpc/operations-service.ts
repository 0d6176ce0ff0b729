import type { ControlPlane } from '../services/control-plane.ts';
import type { ListCredentialHealthRequest__Output } from './generated/tollgate/v1/ListCredentialHealthRequest.ts';
import type { ListCredentialHealthResponse } from './generated/tollgate/v1/ListCredentialHealthResponse.ts';
import type { WatchBalancesRequest__Output } from './generated/tollgate/v1/WatchBalancesRequest.ts';
import type { WatchBalancesResponse } from './generated/tollgate/v1/WatchBalancesResponse.ts';
import type { WatchBansRequest__Output } from './generated/tollgate/v1/WatchBansRequest.ts';
import type { WatchBansResponse } from './generated/tollgate/v1/WatchBansResponse.ts';
import type { WatchEventsRequest__Output } from './generated/tollgate/v1/WatchEventsRequest.ts';
import type { WatchEventsResponse } from './generated/tollgate/v1/WatchEventsResponse.ts';
import type { Unary, Watch } from './rpc.ts';
import { toldBalance, toldHealth } from './told/credential.ts';
import { toldEach } from './told/each.ts';
import { toldEvent } from './told/event.ts';

export interface OperationsServiceMethods {
  WatchEvents: Watch<WatchEventsRequest__Output, WatchEventsResponse>;
  WatchBalances: Watch<WatchBalancesRequest__Output, WatchBalancesResponse>;
  WatchBans: Watch<WatchBansRequest__Output, WatchBansResponse>;
  ListCredentialHealth: Unary<ListCredentialHealthRequest__Output, ListCredentialHealthResponse>;
}

/** What happens in the gateway, while it happens. */
export const operationsService = ({
  credentialWatch,
  live,
}: ControlPlane): OperationsServiceMethods => ({
  async WatchEvents({ after, types, subject }, { actor }) {
    const query = { after: place(after), types: some(types), subject: subject || undefined };
    return toldEach(await live.events(actor, query), (event) => ({ event: toldEvent(event) }));
  },

  async WatchBalances({ poolIds, credentialIds }, { actor }) {
    const wanted = { pool_ids: poolIds, credential_ids: credentialIds };
    return toldEach(await credentialWatch.balances(actor, wanted), toldBalance);
  },

  async WatchBans({ after }, { actor }) {
    const bans = await live.changes(actor, 'banChanged', { after: place(after) });
    return toldEach(bans, (event) => ({ event: toldEvent(event) }));
  },

  async ListCredentialHealth({ poolId }, { actor }) {
    const all = await credentialWatch.health(actor, { pool_id: poolId });
    return { credentials: all.map(toldHealth) };
  },
});

/** A number that is no safe integer is no place in a log, which the service says. */
const place = (after: string | undefined) => (after === undefined ? undefined : Number(after));

/** None at all means all. */
const some = <T>(wanted: T[]): T[] | undefined => (wanted.length === 0 ? undefined : wanted);
