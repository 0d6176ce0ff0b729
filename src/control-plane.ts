import type { FrontParts } from './front.ts';
import { Authenticator } from './services/authenticator.ts';
import type { ControlPlane } from './services/control-plane.ts';
import { ServerInfoService } from './services/server-info.ts';
import { version } from './version.ts';
import type { Workspace } from './workspace.ts';

/** The services of a server: those of its data directory, and those that look into what runs. */
export function createControlPlane(space: Workspace, parts: FrontParts): ControlPlane {
  const { clock, secrets } = space;
  const { inFlight } = parts;
  return {
    authenticator: new Authenticator({ adminSecret: secrets.admin }),
    server: new ServerInfoService({
      clock,
      version,
      inFlight: () => inFlight.size,
      notReady: () => notReady(parts),
    }),
    keys: space.keys,
    users: space.users,
    teams: space.teams,
    budgets: space.budgets,
    credentials: space.credentials,
    corrections: space.corrections,
  };
}

/** Why the server cannot serve now; null when it can. */
export function notReady({
  inFlight,
  ledger,
}: Pick<FrontParts, 'inFlight' | 'ledger'>): string | null {
  if (inFlight.isDraining) return 'draining';
  return ledger.isHealthy ? null : 'the ledger cannot be written';
}
