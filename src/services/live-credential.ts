import type { Credential } from '../entities/credential.ts';
import type { Clock } from '../lib/clock.ts';
import type { Block, BlockState } from '../pool/block.ts';
import { WHOLE } from '../pool/block.ts';
import type { PoolDirectory } from '../pool/directory.ts';
import type { EffectFacts } from '../pool/effect.ts';
import type { Member } from '../pool/member.ts';
import type { LimitUse } from '../pool/upstream-limits.ts';
import type { LiveWindow } from './live-limits.ts';

export type CredentialState = 'active' | 'disabled' | BlockState;

/** Why a credential is set aside, wholly or for a model. */
export interface LiveBlock {
  state: CredentialState;
  model: string | null;
  /** Null: until somebody, or a check, lifts it. */
  untilMs: number | null;
  strike: number;
}

/** A credential as the data plane sees it now. */
export interface LiveCredential {
  id: string;
  isUsable: boolean;
  state: LiveBlock;
  blocks: LiveBlock[];
  balanceNano: bigint | null;
  usedNano: bigint | null;
  checkedAtMs: number | null;
  inFlight: number;
  requests: LiveWindow;
  tokens: LiveWindow;
  latencies: { model: string; ms: number }[];
  failures: EffectFacts[];
  modelsCount: number | null;
  /** What its pool leaves in it, nano-USD. */
  minCreditNano: bigint;
}

const UNLIMITED: LiveWindow = { limit: null, used: null, remaining: null, resetsAtMs: null };
const ACTIVE: LiveBlock = { state: 'active', model: null, untilMs: null, strike: 0 };
const DISABLED: LiveBlock = { ...ACTIVE, state: 'disabled' };

/** Of one that serves nobody now, what is on record. */
const idle = (row: Credential): LiveCredential => ({
  id: row.id,
  isUsable: false,
  state: DISABLED,
  blocks: [DISABLED],
  balanceNano: row.balanceNano,
  usedNano: row.balanceUsedNano,
  checkedAtMs: row.balanceCheckedAt?.getTime() ?? null,
  inFlight: 0,
  requests: UNLIMITED,
  tokens: UNLIMITED,
  latencies: [],
  failures: [],
  modelsCount: null,
  minCreditNano: 0n,
});

/** How a credential is doing, out of memory alone. */
export function liveCredential(
  row: Credential,
  { pools, clock }: { pools: PoolDirectory; clock: Clock },
): LiveCredential {
  const member = pools.member(row.id);
  const pool = pools.get(row.poolId);
  if (member === undefined || pool === undefined) return idle(row);
  const nowMs = clock.now();
  const monotonicMs = clock.monotonic();
  const { requests, tokens } = member.usage.uses(member.limits, monotonicMs);
  const blocks = blocksOf(member, pool.minCreditNano, nowMs);
  return {
    id: row.id,
    isUsable: !blocks.some(({ model }) => model === null),
    state: blocks[0] ?? ACTIVE,
    blocks,
    balanceNano: member.balanceNano,
    usedNano: member.balanceUsedNano,
    checkedAtMs: member.balanceCheckedAtMs,
    inFlight: member.inFlight,
    requests: windowOf(requests, nowMs),
    tokens: windowOf(tokens, nowMs),
    latencies: member.latencies.all(monotonicMs),
    failures: member.failures.list(),
    modelsCount: member.discovered?.size ?? null,
    minCreditNano: pool.minCreditNano,
  };
}

/** What concerns the whole credential first, in the order in which calls look. */
function blocksOf(member: Member, minCreditNano: bigint, nowMs: number): LiveBlock[] {
  const { health, kind, balanceNano } = member;
  const isPoor = kind.balance !== undefined && balanceNano !== null && balanceNano <= minCreditNano;
  const blocks = health.blocks(nowMs).map(told);
  if (isPoor && !blocks.some(({ state, model }) => state === 'exhausted' && model === null)) {
    blocks.push({ ...ACTIVE, state: 'exhausted' });
  }
  const rank = ({ state, model }: LiveBlock) =>
    model === null ? WHOLE.indexOf(state as BlockState) : WHOLE.length;
  return blocks.toSorted((left, right) => rank(left) - rank(right));
}

const windowOf = (use: LimitUse | null, nowMs: number): LiveWindow =>
  use === null
    ? UNLIMITED
    : {
        limit: use.limit,
        used: use.used,
        remaining: Math.max(0, use.limit - use.used),
        resetsAtMs: nowMs + use.resetMs,
      };

const told = ({ state, model, untilMs, strike }: Block): LiveBlock => ({
  state,
  model,
  untilMs: Number.isFinite(untilMs) ? untilMs : null,
  strike,
});
