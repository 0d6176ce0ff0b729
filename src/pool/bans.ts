import type { EntityManager } from '@mikro-orm/sqlite';
import { Ban } from '../entities/ban.ts';
import type { Clock, Timer } from '../lib/clock.ts';
import { newId } from '../lib/ids.ts';
import type { PoolDirectory } from './directory.ts';
import type { Sentence } from './failure-counts.ts';
import type { Journal } from './journal.ts';
import type { Member } from './member.ts';

/** Of a ban that is in force. */
export interface BanFacts extends Sentence {
  id: string;
}

export interface BanParts {
  em: EntityManager;
  pools: PoolDirectory;
  journal: Journal;
  clock: Clock;
  /** A confirmed ban's time is over: does the credential work again? */
  onOver(member: Member, ban: BanFacts): void;
}

/** Timers take no longer waits. */
const WAIT_MAX_MS = 2_000_000_000;

/**
 * Bans in force. In memory first, so that no call goes to a banned credential while its ban is being
 * written; on disk so that they survive a restart and tell their story.
 */
export class Bans {
  readonly #parts: BanParts;
  readonly #timers = new Map<string, Timer>();
  /** Ended here, perhaps not yet on disk: reading must not bring them back. */
  readonly #ended = new Set<string>();

  constructor(parts: BanParts) {
    this.#parts = parts;
  }

  /** Every ban on disk, to be put in force in the very step in which members are. */
  read(): Promise<Ban[]> {
    return this.#inForce({});
  }

  /** What was read: whom it concerns may have been taken away, or have it in force already. */
  enforce(rows: readonly Ban[]): void {
    for (const row of rows) {
      const member = this.#parts.pools.member(row.credentialId);
      if (member === undefined || this.#ended.has(row.id)) continue;
      if (!member.health.banIds().includes(row.id)) this.#enforce(member, row);
    }
  }

  /** Another process has imposed or lifted bans of the credential. */
  async reload(credentialId: string): Promise<void> {
    const { pools, clock } = this.#parts;
    const rows = await this.#inForce({ credentialId });
    const member = pools.member(credentialId);
    // Disabled: bans are looked at again when it comes back.
    if (member === undefined) return;
    const wanted = new Map(rows.map((row) => [row.id, row]));
    const known = new Set(member.health.banIds());
    for (const id of known) {
      if (wanted.has(id) || !(await this.#isEnded(id))) continue;
      // Lifted by hand: one call must succeed before all others follow.
      this.#forget(id);
      member.health.endBan(id, clock.now(), { isOnTrial: true });
    }
    for (const [id, row] of wanted) {
      if (!known.has(id) && !this.#ended.has(id)) this.#enforce(member, row);
    }
  }

  /** In force when this returns; on disk soon after. What an account did is not held against the next. */
  impose(member: Member, sentence: Sentence, requestId: string | null): void {
    const { clock, journal, pools } = this.#parts;
    if (pools.member(member.id)?.isAccountOf(member) === false) return;
    const ban = { id: newId(), ...sentence };
    this.#enforce(member, ban);
    const { id, model, reason, evidence, strike, untilMs } = ban;
    const after = { ban: id, model, reason, evidence, strike, until: timeText(untilMs) };
    const startedAtMs = clock.now();
    journal.write([draft('imposed', member, { after, requestId })], (tx) => {
      tx.persist(
        tx.create(Ban, {
          ...ban,
          credentialId: member.id,
          actor: 'system',
          startedAtMs,
          endedAtMs: null,
          endedBy: null,
        }),
      );
    });
  }

  /** Its time is over, or what it was for is. */
  end(
    member: Member,
    { id, model, reason }: BanFacts,
    { isOnTrial }: { isOnTrial: boolean },
  ): void {
    const { clock, journal } = this.#parts;
    this.#forget(id);
    member.health.endBan(id, clock.now(), { isOnTrial });
    const endedAtMs = clock.now();
    const before = { ban: id, model, reason };
    journal.write([draft('ended', member, { before, after: { isOnTrial } })], async (tx) => {
      await tx.nativeUpdate(Ban, { id, endedAtMs: null }, { endedAtMs, endedBy: 'system' });
    });
    // An entry of its own: the one before may be rolled back and written again.
    journal.write([], () => void this.#ended.delete(id));
  }

  stop(): void {
    for (const timer of this.#timers.values()) timer.cancel();
    this.#timers.clear();
  }

  #enforce(member: Member, ban: BanFacts): void {
    const { id, model, untilMs, strike, reason } = ban;
    // Confirmed ones end by the provider's word only, not by time alone.
    const isTimed = reason !== 'unauthorized';
    member.health.ban({ id, model, untilMs: isTimed ? untilMs : null, strike, hasTrial: false });
    if (untilMs !== null) this.#watch(member, ban, untilMs);
  }

  #watch(member: Member, ban: BanFacts, untilMs: number): void {
    const { clock } = this.#parts;
    const waitMs = Math.min(Math.max(0, untilMs - clock.now()), WAIT_MAX_MS);
    // A credential that was disabled for a while: its ban is put in force anew.
    this.#timers.get(ban.id)?.cancel();
    const timer = clock.after(waitMs, () => {
      // A wall clock that was set back makes it later.
      if (clock.now() < untilMs) this.#watch(member, ban, untilMs);
      else this.#over(member.id, ban);
    });
    this.#timers.set(ban.id, timer);
  }

  #over(credentialId: string, ban: BanFacts): void {
    this.#timers.delete(ban.id);
    const member = this.#parts.pools.member(credentialId);
    // Disabled or deleted: nobody is sent there, and its provider is not asked. If it comes back, what
    // is on disk says whether there is still something to end.
    if (member === undefined) return;
    if (ban.reason === 'unauthorized') {
      this.#parts.onOver(member, ban);
      return;
    }
    const policy = this.#parts.pools.poolOf(member)?.policy.health.counted;
    this.end(member, ban, { isOnTrial: ban.reason === 'counted' && policy?.isEscalating === true });
  }

  #forget(id: string): void {
    this.#ended.add(id);
    this.#timers.get(id)?.cancel();
    this.#timers.delete(id);
  }

  /** A confirmed one whose time is over is in force still: its end is for the provider to say. */
  #inForce(where: { credentialId?: string }): Promise<Ban[]> {
    const nowMs = this.#parts.clock.now();
    const confirmed = { reason: 'unauthorized' as const };
    const isOpen = { $or: [{ untilMs: null }, { untilMs: { $gt: nowMs } }, confirmed] };
    return this.#parts.em.fork().find(Ban, { ...where, endedAtMs: null, ...isOpen });
  }

  /** On disk. One whose time is over is ended by its timer, one not written yet is in force. */
  async #isEnded(id: string): Promise<boolean> {
    return (await this.#parts.em.fork().count(Ban, { id, endedAtMs: { $ne: null } })) > 0;
  }
}

const timeText = (ms: number | null): string | null =>
  ms === null ? null : new Date(ms).toISOString();

function draft(
  what: 'imposed' | 'ended',
  member: Member,
  facts: { before?: unknown; after: unknown; requestId?: string | null },
) {
  const { requestId, ...change } = facts;
  const request = requestId === null || requestId === undefined ? {} : { requestId };
  return {
    type: `credential_ban.${what}`,
    subject: member.id,
    actor: 'system',
    ...request,
    ...change,
  };
}
