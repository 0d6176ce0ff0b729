import { z } from 'zod';
import { name } from '../config/fields.ts';
import { presetNames } from '../config/pool-presets.ts';
import { poolTermsSchema } from '../config/pool-schema.ts';
import type { PoolTerms } from '../config/pool-schema.ts';
import type { PoolPolicy } from '../entities/pool-policy.ts';
import { validated } from './operation.ts';
import { policyOf } from './pool-policy-of.ts';

const strategy = z.string().trim().min(1);

/** Fields that are said beside the policy, or of credentials. */
const ELSEWHERE: Readonly<Record<string, string>> = {
  name: 'is said beside the policy',
  preset: 'is said beside the policy',
  strategy: 'is said beside the policy',
  credentials: 'are added one by one, once the pool is there',
};

/** Other fields of a pool as `tollgate.yaml` spells them. */
const policy = z.record(z.string(), z.unknown()).superRefine((fields, context) => {
  for (const [field, message] of Object.entries(ELSEWHERE)) {
    if (field in fields) context.addIssue({ code: 'custom', path: [field], message });
  }
});

export const createInput = z.strictObject({
  name,
  preset: z.enum(presetNames).optional(),
  strategy: strategy.optional(),
  policy: policy.default({}),
});

/** Absent fields stay as they are; with a preset, they are as that says. */
export const updateInput = createInput.partial();

export type CreatePoolInput = z.input<typeof createInput>;
export type UpdatePoolInput = z.input<typeof updateInput>;

type Terms = Pick<z.output<typeof updateInput>, 'preset' | 'strategy' | 'policy'>;

/**
 * The fields of a pool, judged as those of the file are; what is not given is as the preset says.
 * @throws GatewayError `invalid_request` with every mistake
 */
export function termsOf({ policy: fields = {}, ...own }: Terms): PoolTerms {
  const given = Object.entries(own).filter(([, value]) => value !== undefined);
  const schema = z.object({ policy: poolTermsSchema });
  const raw = { ...fields, ...Object.fromEntries(given), name: 'judged-elsewhere' };
  return validated(schema, { policy: raw }).policy;
}

type Part = (from: PoolPolicy) => Partial<Omit<PoolPolicy, 'health'>>;
type HealthPart = (from: PoolPolicy['health']) => Partial<PoolPolicy['health']>;

/** What of a policy each field of a pool stands for. */
const PARTS: Readonly<Record<string, Part>> = {
  attempts_max: ({ attemptsMax }) => ({ attemptsMax }),
  passthrough: ({ passthrough }) => ({ passthrough }),
  unpriced: ({ unpriced }) => ({ unpriced }),
  min_credit: ({ minCreditNano }) => ({ minCreditNano }),
  timeouts: ({ timeouts }) => ({ timeouts }),
  models: ({ models }) => ({ models }),
  discover_models: ({ discoversModels }) => ({ discoversModels }),
  caller_credentials: ({ callerCredentials }) => ({ callerCredentials }),
  heartbeat: ({ heartbeatMs }) => ({ heartbeatMs }),
};

const HEALTH_PARTS: Readonly<Record<string, HealthPart>> = {
  unauthorized: ({ unauthorized }) => ({ unauthorized }),
  confirmed_ban: ({ banMs, banMaxMs }) => ({ banMs, banMaxMs }),
  rate_limited: ({ rateLimited }) => ({ rateLimited }),
  bans: ({ counted }) => ({ counted }),
  ejection: ({ ejection }) => ({ ejection }),
};

/** A policy with the fields that were given in place of what it had; each is replaced whole. */
export function policyWith(before: PoolPolicy, asked: Terms): PoolPolicy {
  const wanted = policyOf(termsOf(asked));
  if (asked.preset !== undefined) return wanted;
  const given = Object.keys(asked.policy ?? {});
  return {
    ...before,
    ...Object.assign({}, ...given.map((field) => PARTS[field]?.(wanted))),
    health: {
      ...before.health,
      ...Object.assign({}, ...given.map((field) => HEALTH_PARTS[field]?.(wanted.health))),
    },
  };
}
