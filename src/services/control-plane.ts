import type { Authenticator } from './authenticator.ts';
import type { BudgetService } from './budgets.ts';
import type { CredentialService } from './credentials.ts';
import type { KeyService } from './keys.ts';
import type { LedgerCorrections } from './ledger-corrections.ts';
import type { ServerInfoService } from './server-info.ts';
import type { TeamService } from './teams.ts';
import type { UserService } from './users.ts';

/** Everything an operator can know or do, for every face alike. */
export interface ControlPlane {
  authenticator: Authenticator;
  server: ServerInfoService;
  keys: KeyService;
  users: UserService;
  teams: TeamService;
  budgets: BudgetService;
  credentials: CredentialService;
  corrections: LedgerCorrections;
}
