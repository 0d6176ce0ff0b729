import type { PoolTerms } from '../config/pool-schema.ts';
import type { CountedBans, HealthPolicy, ModelRule, PoolPolicy } from '../entities/pool-policy.ts';
import { nanoFromUsd } from '../lib/money.ts';

/** The policy that the fields of a pool stand for. */
export function policyOf(config: PoolTerms): PoolPolicy {
  return {
    attemptsMax: config.attempts_max,
    passthrough: config.passthrough,
    unpriced: config.unpriced,
    minCreditNano: String(nanoFromUsd(config.min_credit)),
    timeouts: {
      connectMs: config.timeouts.connect_ms,
      firstByteMs: config.timeouts.first_byte_ms,
      idleMs: config.timeouts.idle_ms,
      totalMs: config.timeouts.total_ms,
    },
    models: config.models.map(modelRuleOf),
    discoversModels: config.discover_models,
    health: healthOf(config),
    callerCredentials: config.caller_credentials,
    heartbeatMs: config.heartbeat,
  };
}

function modelRuleOf(rule: PoolTerms['models'][number]): ModelRule {
  return {
    name: rule.name,
    upstream: rule.upstream ?? null,
    set: rule.set ?? null,
    credentials: rule.credentials ?? null,
    provider: rule.provider ?? null,
    isListed: rule.list,
    rpm: rule.rpm,
    tpm: rule.tpm,
  };
}

function healthOf(config: PoolTerms): HealthPolicy {
  const { confirmed_ban: confirmed, rate_limited: limited, ejection } = config;
  return {
    unauthorized: config.unauthorized,
    banMs: confirmed.duration,
    banMaxMs: confirmed.duration_max,
    rateLimited: { scope: limited.scope, ms: limited.duration },
    counted: config.bans === null ? null : countedOf(config.bans),
    ejection: {
      failures: ejection.failures,
      ms: ejection.duration,
      maxMs: ejection.duration_max,
    },
  };
}

/** A rule for each code that has one of its own, and one for the other codes together. */
function countedOf(bans: NonNullable<PoolTerms['bans']>): CountedBans {
  const { max_attempts: failuresMax, ban_duration: banMs } = bans;
  const own = bans.error_code_rules.map((rule) => ({
    statuses: [rule.code],
    failuresMax: rule.max_attempts ?? failuresMax,
    banMs: rule.ban_duration === undefined ? banMs : rule.ban_duration,
  }));
  const ruled = new Set(own.flatMap(({ statuses }) => statuses));
  const statuses = [...new Set(bans.error_codes)].filter((code) => !ruled.has(code));
  return {
    rules: statuses.length === 0 ? own : [{ statuses, failuresMax, banMs }, ...own],
    windowMs: bans.window ?? null,
    isEscalating: bans.escalate,
  };
}
