import { backoffMs } from '../lib/backoff.ts';
import type { Logger } from '../lib/logger.ts';
import { findingOf, probePathOf } from './account-check.ts';
import type { Finding } from './account-check.ts';
import { ask } from './ask.ts';
import type { AskParts } from './ask.ts';
import type { BanFacts, Bans } from './bans.ts';
import type { PoolDirectory } from './directory.ts';
import type { EffectFacts } from './effect.ts';
import type { Sentence } from './failure-counts.ts';
import type { Health } from './health.ts';
import type { Journal } from './journal.ts';
import type { Member } from './member.ts';

export interface ProberParts extends AskParts {
  pools: PoolDirectory;
  bans: Bans;
  journal: Journal;
  logger: Logger;
}

/** Why a suspicion is over. */
const CLEARED: Record<Exclude<Finding, 'refused'>, string> = {
  works: 'its provider accepts it',
  unclear: 'its provider gave no clear answer',
};

const ANSWER_BYTES_MAX = 8 * 1024 * 1024;
/** Clients can cause 403s: no more probes than this come of them. */
const FORBIDDEN_INTERVAL_MS = 30_000;

/**
 * Asks a provider whether a suspect credential still works, with a request of our own that no client
 * had a hand in: only its refusal can ban a whole credential. The same ends a ban, or renews it.
 */
export class Prober {
  readonly #parts: ProberParts;
  readonly #stopping = new AbortController();
  readonly #running = new Map<string, Promise<void>>();
  readonly #probedMs = new WeakMap<Health, number>();

  constructor(parts: ProberParts) {
    this.#parts = parts;
  }

  /**
   * A call was refused: a probe decides, one at a time for each credential. Without a clear answer
   * there is no suspicion either: clients, who can cause it, would take every credential out.
   */
  suspect(member: Member, facts: EffectFacts): void {
    const lastMs = this.#probedMs.get(member.health) ?? Number.NEGATIVE_INFINITY;
    const isTooSoon = this.#parts.clock.monotonic() - lastMs < FORBIDDEN_INTERVAL_MS;
    if (facts.status === 403 && isTooSoon) return;
    this.#run(member, async () => {
      const finding = await this.#probe(member);
      if (this.#stopping.signal.aborted) return;
      if (finding === 'refused') this.#ban(member, member.health.nextBanStrike(), facts);
      else this.#clear(member, facts, CLEARED[finding]);
    });
  }

  /** A ban's time is over. */
  retry(member: Member, ban: BanFacts): void {
    this.#run(member, async () => {
      const finding = await this.#probe(member);
      // Cut short by a stop: the ban is taken up again at the next start.
      if (this.#stopping.signal.aborted) return;
      const { bans } = this.#parts;
      // Ended first: a renewed ban takes its place at once, without a step between.
      bans.end(member, ban, { isOnTrial: finding === 'unclear' });
      if (finding === 'refused') this.#ban(member, ban.strike + 1, null);
    });
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await Promise.all(this.#running.values());
  }

  /** Resolves when no probe is under way. */
  async idle(): Promise<void> {
    await Promise.all(this.#running.values());
  }

  #run(member: Member, work: () => Promise<void>): void {
    if (this.#running.has(member.id) || this.#stopping.signal.aborted) return;
    const running = work()
      .catch((error: unknown) => this.#parts.logger.error({ err: error }, 'probe failed'))
      .finally(() => this.#running.delete(member.id));
    this.#running.set(member.id, running);
  }

  async #probe(member: Member): Promise<Finding> {
    this.#probedMs.set(member.health, this.#parts.clock.monotonic());
    try {
      const limits = { bytesMax: ANSWER_BYTES_MAX, signal: this.#stopping.signal };
      const answer = await ask(member, probePathOf(member.kind), this.#parts, limits);
      return findingOf(member.kind, answer).finding;
    } catch (error) {
      return findingOf(member.kind, error).finding;
    }
  }

  #ban(member: Member, strike: number, facts: EffectFacts | null): void {
    const { clock, pools, bans } = this.#parts;
    const policy = pools.poolOf(member)?.policy.health;
    // Its pool is gone: nobody can be sent there.
    if (policy === undefined) return;
    const sentence: Sentence = {
      model: null,
      reason: 'unauthorized',
      evidence: {
        statuses: facts === null ? [401] : [facts.status, 401],
        requestIds: [facts?.requestId ?? []].flat(),
      },
      untilMs: clock.now() + backoffMs(policy.banMs, strike, policy.banMaxMs),
      strike,
    };
    bans.impose(member, sentence, facts?.requestId ?? null);
  }

  #clear(member: Member, facts: EffectFacts, cause: string): void {
    if (!member.health.clearSuspicion()) return;
    const request = facts.requestId === null ? {} : { requestId: facts.requestId };
    this.#parts.journal.write([
      {
        type: 'credential_health.active',
        subject: member.id,
        actor: 'system',
        ...request,
        before: { state: 'suspect' },
        after: { cause },
      },
    ]);
  }
}
