import type { EntityManager } from '@mikro-orm/sqlite';
import { request } from 'undici';
import { Credential } from '../entities/credential.ts';
import type { EventDraft, EventLog } from '../events/log.ts';
import type { Clock, Timer } from '../lib/clock.ts';
import type { Logger } from '../lib/logger.ts';
import { usdFromNano } from '../lib/money.ts';
import type { PoolDirectory } from './directory.ts';
import type { Member } from './member.ts';

/** While a balance is not known at all. */
const UNKNOWN_RETRY_MS = 5000;
const ASK_TIMEOUT_MS = 10_000;
const ANSWER_BYTES_MAX = 64 * 1024;

export interface BalanceParts {
  em: EntityManager;
  pools: PoolDirectory;
  events: EventLog;
  clock: Clock;
  logger: Logger;
}

export interface RefreshResult {
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
  }

  /** One round at a time: callers during a round share its result. */
  refresh(): Promise<RefreshResult[]> {
    this.#running ??= Promise.all(this.#asked().map((member) => this.#refreshOne(member))).finally(
      () => (this.#running = undefined),
    );
    return this.#running;
  }

  async #refreshOne(asked: Member): Promise<RefreshResult> {
    const result = { credential: asked.name, balanceNano: asked.balanceNano, error: null };
    const patience = new AbortController();
    const timer = this.#parts.clock.after(ASK_TIMEOUT_MS, () => patience.abort());
    try {
      const signal = AbortSignal.any([patience.signal, this.#stopping.signal]);
      const { balanceNano, usedNano } = await ask(asked, signal);
      // A reload may have replaced the member while the answer was under way.
      const member = this.#parts.pools.member(asked.id) ?? asked;
      await this.#note(member, balanceNano, usedNano);
      return { ...result, balanceNano };
    } catch (error) {
      const reason = error instanceof Error ? error.message : 'failed';
      this.#parts.logger.warn({ credential: asked.name, reason }, 'balance not refreshed');
      return { ...result, error: reason };
    } finally {
      timer.cancel();
    }
  }

  async #note(member: Member, balanceNano: bigint, usedNano: bigint): Promise<void> {
    const { em, events, clock } = this.#parts;
    const before = member.balanceNano;
    member.balanceNano = balanceNano;
    member.balanceUsedNano = usedNano;
    member.balanceCheckedAtMs = clock.now();
    const refilled = balanceNano > 0n ? member.health.refill(clock.now()) : null;
    const fork = em.fork();
    await fork.nativeUpdate(
      Credential,
      { id: member.id },
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
    if (refilled !== null) drafts.push({ type: `credential_health.${refilled.state}`, ...facts });
    if (drafts.length > 0) await events.record(drafts);
  }
}

async function ask(
  member: Member,
  signal: AbortSignal,
): Promise<{ balanceNano: bigint; usedNano: bigint }> {
  const source = member.kind.balance;
  if (source === undefined) throw new Error('the provider tells no balance');
  const answer = await request(`${member.origin}${member.prefix}${source.path}`, {
    headers: { ...member.kind.authorize(member.secret.reveal()), accept: 'application/json' },
    signal,
  });
  const pieces: Buffer[] = [];
  let size = 0;
  for await (const piece of answer.body) {
    const bytes = piece as Buffer;
    size += bytes.length;
    if (size > ANSWER_BYTES_MAX) throw new Error('the credits answer is too long');
    pieces.push(bytes);
  }
  if (answer.statusCode !== 200) throw new Error(`the provider answered ${answer.statusCode}`);
  return source.read(JSON.parse(Buffer.concat(pieces).toString('utf8')));
}
