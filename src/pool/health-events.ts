import type { EventDraft } from '../events/log.ts';
import { usdFromNano } from '../lib/money.ts';
import type { Balances } from './balances.ts';
import type { Bans } from './bans.ts';
import type { Block } from './block.ts';
import type { EffectFacts } from './effect.ts';
import type { Health } from './health.ts';
import type { Journal } from './journal.ts';
import type { Member } from './member.ts';
import type { HealthListener } from './pool.ts';
import type { Prober } from './prober.ts';

/** At most one event in so long of a credential that comes into a state, or out of it. */
const INTERVAL_MS = 10_000;

/** What follows from changes of health: events with their cause, bans, probes, balance checks. */
export function healthListener(parts: {
  journal: Journal;
  bans(): Bans;
  prober(): Prober;
  balances(): Balances;
}): HealthListener {
  const { journal } = parts;
  const isRepeated = repetitions();
  return {
    blocked(member, block, facts) {
      const { state, untilMs, model, strike } = block;
      if (isRepeated(state, member, block, facts.nowMs)) return;
      const after = { until: timeText(untilMs), model, strike, ...evidence(facts) };
      journal.write([draft(`credential_health.${state}`, member, facts, { after })]);
    },
    recovered(member, blocks, facts) {
      const news = blocks.filter((block) => !isRepeated('active', member, block, facts.nowMs));
      if (news.length === 0) return;
      const drafts = news.map(({ state, model }) =>
        draft('credential_health.active', member, facts, {
          before: { state, model },
          after: { model, cause: 'a call succeeded' },
        }),
      );
      journal.write(drafts);
    },
    sentenced: (member, sentence, { requestId }) =>
      parts.bans().impose(member, sentence, requestId),
    ejected(member, untilMs, facts) {
      const { origin } = member.originHealth;
      const type = untilMs === null ? 'origin_health.active' : 'origin_health.ejected';
      const after =
        untilMs === null
          ? { cause: 'a call succeeded' }
          : { until: timeText(untilMs), model: facts.model, ...evidence(facts) };
      journal.write([{ ...draft(type, member, facts, { after }), subject: origin }]);
    },
    spent(member) {
      const after = { cause: 'balance', balance: usdFromNano(member.balanceNano ?? 0n) };
      const event = { type: 'credential_health.exhausted', subject: member.id, actor: 'system' };
      journal.write([{ ...event, after }]);
      void parts.balances().check(member);
    },
    wantsProbe: (member, facts) => parts.prober().suspect(member, facts),
    wantsBalance: (member) => void parts.balances().check(member),
  };
}

/**
 * Clients choose models and can cause refusals: they may not fill the log with them. What concerns
 * the whole credential is counted apart, lest a model's event hides it. Bans are always told.
 */
function repetitions() {
  const toldMs = new WeakMap<Health, Map<string, number>>();
  return (to: string, { health }: Member, { state, model }: Block, nowMs: number): boolean => {
    if (state === 'banned') return false;
    const ofMember = toldMs.get(health) ?? new Map<string, number>();
    toldMs.set(health, ofMember);
    const key = `${to} ${state} ${model === null}`;
    const sinceMs = nowMs - (ofMember.get(key) ?? Number.NEGATIVE_INFINITY);
    // Negative: the wall clock was set back.
    if (sinceMs >= 0 && sinceMs < INTERVAL_MS) return true;
    ofMember.set(key, nowMs);
    return false;
  };
}

const timeText = (ms: number): string | null =>
  Number.isFinite(ms) ? new Date(ms).toISOString() : null;

const evidence = ({ verdict, status }: EffectFacts) => ({ verdict, status });

function draft(
  type: string,
  member: Member,
  { requestId }: EffectFacts,
  change: { before?: unknown; after: unknown },
): EventDraft {
  const request = requestId === null ? {} : { requestId };
  return { type, subject: member.id, actor: 'system', ...request, ...change };
}
