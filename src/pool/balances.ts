import type { EntityManager } from '@mikro-orm/sqlite';
import { Credential } from '../entities/credential.ts';
import type { EventDraft, EventLog } from '../events/log.ts';
import type { Clock, Timer } from '../lib/clock.ts';
import type { Logger } from '../lib/logger.ts';
import { usdFromNano } from '../lib/money.ts';
import { AskError, ask, readBy, reasonOf } from './ask.ts';
import type { AskParts } from './ask.ts';
import type { PoolDirectory } from './directory.ts';
import type { Health } from './health.ts';
import type { Member } from './member.ts';

/** While a balance is not known at all. */
const UNKNOWN_RETRY_MS = 5000;
const ANSWER_BYTES_MAX = 64 * 1024;

export interface BalanceParts extends AskParts {
  em: EntityManager;
  pools: PoolDirectory;
  events: EventLog;
  clock: Clock;
  logger: Logger;
}

interface Told {
  balanceNano: bigint;
  usedNano: bigint;
  /** A credential without money has some again. */
  isRefilled: boolean;
}

export interface RefreshResult {
  id: string;
  credential: string;
  balanceNano: bigint | null;
  error: string | null;
}

/**
 * Keeps provider balances known: asked for all together, every interval and on demand. A failed
 * ask changes nothing: an old balance is better than none. Between asks, settlements debit it.
 */
export class Balances {
  readonly #parts: BalanceParts;
  readonly #stopping = new AbortController();
  /** What is under way, by account: who was replaced by another is asked again. */
  readonly #checking = new Map<Health, Promise<void>>();
  readonly #asking = new Map<Health, Promise<RefreshResult>>();
  readonly #met = new WeakSet<Health>();
  #running: Promise<RefreshResult[]> | undefined;
  #timer: Timer | undefined;

  constructor(parts: BalanceParts) {
    this.#parts = parts;
  }

  /**
   * Asks now, then every `intervalMs`; sooner while a balance has never been told. Resolves when the
   * first round is over, which takes ten seconds at most.
   */
  async start(intervalMs: number): Promise<void> {
    const { clock, logger } = this.#parts;
    const round = async () => {
      try {
        await this.refresh();
      } catch (error) {
        logger.warn({ err: error }, 'balance refresh failed');
      }
      if (this.#stopping.signal.aborted) return;
      const waitMs = this.#isAnyUnknown() ? Math.min(intervalMs, UNKNOWN_RETRY_MS) : intervalMs;
      this.#timer = clock.after(waitMs, () => void round());
    };
    await round();
  }

  #isAnyUnknown(): boolean {
    return this.#asked().some(({ balanceNano }) => balanceNano === null);
  }

  #asked(): Member[] {
    return this.#parts.pools.members().filter((member) => member.kind.balance !== undefined);
  }

  async stop(): Promise<void> {
    this.#timer?.cancel();
    this.#stopping.abort();
    await this.#running?.catch(() => undefined);
    await Promise.all([...this.#checking.values(), ...this.#asking.values()]);
  }

  /** One round at a time: callers during a round share its result. */
  refresh(): Promise<RefreshResult[]> {
    this.#running ??= this.refreshOf(this.#asked()).finally(() => (this.#running = undefined));
    return this.#running;
  }

  /** Some of them: who is being asked already is not asked twice. Never rejects. */
  refreshOf(members: readonly Member[]): Promise<RefreshResult[]> {
    return Promise.all(members.map((member) => this.#refreshOnce(member)));
  }

  /** Asks those that have come since the last round, lest they wait for the next. */
  meet(): void {
    const isNew = ({ balanceNano, health }: Member) =>
      balanceNano === null && !this.#met.has(health);
    void this.refreshOf(this.#asked().filter(isNew));
  }

  #refreshOnce(member: Member): Promise<RefreshResult> {
    const { health } = member;
    const running = this.#asking.get(health);
    if (running !== undefined) return running;
    const asking = this.#refreshOne(member, false).finally(() => this.#asking.delete(health));
    this.#asking.set(health, asking);
    return asking;
  }

  /** A call found no money: asked again at once, but not twice at a time. */
  check(member: Member): Promise<void> {
    const { health } = member;
    const running = this.#checking.get(health);
    if (running !== undefined) return running;
    const check = this.#refreshOne(member, true)
      .then(() => undefined)
      .finally(() => this.#checking.delete(health));
    this.#checking.set(health, check);
    return check;
  }

  async #refreshOne(asked: Member, isOwnCheck: boolean): Promise<RefreshResult> {
    const { id, name: credential } = asked;
    const result = { id, credential, balanceNano: asked.balanceNano, error: null };
    this.#met.add(asked.health);
    try {
      const { balanceNano, usedNano } = await this.#ask(asked);
      // A reload may have replaced the member while the answer was under way.
      const member = this.#parts.pools.member(asked.id) ?? asked;
      if (!member.isAccountOf(asked)) throw new AskError('it is another account now');
      const isRefilled =
        balanceNano > this.#minimum(member) &&
        member.health.refill(this.#parts.clock.now(), { isOwnCheck });
      await this.#note(member, { balanceNano, usedNano, isRefilled });
      return { ...result, balanceNano };
    } catch (error) {
      const reason = error instanceof Error ? error.message : 'failed';
      this.#parts.logger.warn({ credential, reason }, 'balance not refreshed');
      return { ...result, error: reasonOf(error) };
    }
  }

  #minimum(member: Member): bigint {
    return this.#parts.pools.poolOf(member)?.minCreditNano ?? 0n;
  }

  async #ask(member: Member): Promise<{ balanceNano: bigint; usedNano: bigint }> {
    const source = member.kind.balance;
    if (source === undefined) throw new AskError('the provider tells no balance');
    const limits = { bytesMax: ANSWER_BYTES_MAX, signal: this.#stopping.signal };
    const { status, text } = await ask(member, source.path, this.#parts, limits);
    if (status !== 200) throw new AskError(`the provider answered ${status}`);
    return readBy((answer) => source.read(answer), text);
  }

  async #note(member: Member, { balanceNano, usedNano, isRefilled }: Told): Promise<void> {
    const { em, events, clock } = this.#parts;
    const before = member.balanceNano;
    member.balanceNano = balanceNano;
    member.balanceUsedNano = usedNano;
    member.balanceCheckedAtMs = clock.now();
    const fork = em.fork();
    await fork.nativeUpdate(
      Credential,
      { id: member.id, deletedAt: null },
      {
        balanceNano,
        balanceUsedNano: usedNano,
        balanceCheckedAt: new Date(member.balanceCheckedAtMs),
      },
    );
    const facts = {
      subject: member.id,
      actor: 'system',
      after: { balance: usdFromNano(balanceNano) },
    };
    const drafts: EventDraft[] = [];
    if (before !== balanceNano) {
      const known = before === null ? null : { balance: usdFromNano(before) };
      drafts.push({ type: 'balance.changed', ...facts, before: known });
    }
    if (isRefilled) drafts.push({ type: 'credential_health.active', ...facts });
    if (drafts.length > 0) await events.record(drafts);
  }
}
