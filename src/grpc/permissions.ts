import type { Role } from '../services/actor.ts';
import type { Operation } from '../services/policy.ts';
import type { Methods } from './methods.ts';

/** Nobody less comes in: users of a tenant have no business here, whatever they may do elsewhere. */
export const LEAST_ROLE: Role = 'viewer';

/** What each method of the contract is to the policy, which the services ask again. */
const operations = {
  KeyService: {
    ValidateKey: 'validateKey',
    BatchValidateKeys: 'validateKey',
    GetKey: 'key',
    WatchKeys: 'watchKeys',
  },
  LimitService: {
    TakeLimits: 'takeLimits',
    SettleLimits: 'settleLimits',
    GetLimits: 'getLimits',
  },
  OperationsService: {
    WatchEvents: 'events',
    WatchBalances: 'balanceChanged',
    WatchBans: 'banChanged',
    ListCredentialHealth: 'credentialHealth',
  },
  UsageService: {
    RecordUsage: 'recordUsage',
    RecordUsageStream: 'recordUsage',
    Reserve: 'reserve',
    Extend: 'extendReservation',
    Settle: 'settleReservation',
    Release: 'releaseReservation',
    GetReservation: 'getReservation',
    GetUsage: 'usage',
  },
} as const satisfies {
  [Service in keyof Methods]: Record<keyof Methods[Service], Operation>;
};

/** The same by path, as calls come. */
export const permissions: ReadonlyMap<string, Operation> = new Map(
  Object.entries(operations).flatMap(([service, methods]) =>
    Object.entries(methods).map(([method, operation]: [string, Operation]) => [
      `/tollgate.v1.${service}/${method}`,
      operation,
    ]),
  ),
);

/** Watched by balancers, which have no token; it tells whether we serve, and nothing else. */
export const HEALTH = 'grpc.health.v1.Health';

/** Whether anybody may ask for it. */
export const isOpen = (path: string): boolean => path.startsWith(`/${HEALTH}/`);

/** Whether it asks for the contract, which is there when that is switched on. */
export const isReflection = (path: string): boolean => path.startsWith('/grpc.reflection.');
