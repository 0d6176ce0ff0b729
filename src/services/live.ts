import type { CallRecord } from '../entities/call-record.ts';
import type { Event } from '../entities/event.ts';
import type { UsageDimension } from '../entities/usage-dimension.ts';
import type { EventFeed } from '../events/feed.ts';
import type { Broadcast } from '../lib/broadcast.ts';
import { leavable } from '../lib/leavable.ts';
import type { Actor } from './actor.ts';
import type { BalanceNow, LiveBalances } from './live-balances.ts';
import {
  balancesInput,
  changesInput,
  eventsInput,
  settledInput,
  statsInput,
} from './live-input.ts';
import type {
  BalancesInput,
  ChangesInput,
  EventsInput,
  SettledInput,
  StatsInput,
} from './live-input.ts';
import type { LiveMeter, LiveStats } from './live-meter.ts';
import { validated } from './operation.ts';
import { ownUsage } from './own-usage.ts';
import { permit } from './policy.ts';
import type { Operation } from './policy.ts';

export interface LiveParts {
  feed: EventFeed;
  settled: Broadcast<CallRecord>;
  balances: LiveBalances;
  meter: LiveMeter;
}

type Stream<T> = Promise<AsyncGenerator<T, void>>;

/** The kinds of event that are told as changes of one kind of thing. */
const CHANGES = {
  keyChanged: ['virtual_key.*'],
  banChanged: ['credential_ban.*'],
  budgetAlert: ['budget.alert'],
  providerHealth: ['credential_health.*', 'origin_health.*'],
} as const satisfies Partial<Record<Operation, readonly string[]>>;

/** Where a record says what usage is told apart by. */
const FIELDS = {
  key: 'keyId',
  team: 'teamId',
  user: 'userId',
  pool: 'poolId',
  model: 'model',
  endpoint: 'endpoint',
  credential: 'credentialId',
} as const satisfies Record<UsageDimension, keyof CallRecord>;

/** Statuses from here on are failures. */
const FAILED_FROM = 400;

/** What happens, while it happens. Each stream goes on until its reader leaves it. */
export class LiveService {
  readonly #parts: LiveParts;

  constructor(parts: LiveParts) {
    this.#parts = parts;
  }

  /** Everything that changes, from any event on: each once, in order, none left out. */
  async events(actor: Actor, input: EventsInput = {}): Stream<Event> {
    permit(actor, 'events');
    const query = validated(eventsInput, input);
    return await leavable((signal) => this.#parts.feed.follow(query, signal));
  }

  /** The same for the events about one kind of thing. */
  async changes(
    actor: Actor,
    operation: keyof typeof CHANGES,
    input: ChangesInput = {},
  ): Stream<Event> {
    permit(actor, operation);
    const query = { ...validated(changesInput, input), types: CHANGES[operation] };
    return await leavable((signal) => this.#parts.feed.follow(query, signal));
  }

  /** Balances as they are, then whenever they move, four times a second each at most. */
  async balances(actor: Actor, input: BalancesInput = {}): Stream<BalanceNow> {
    permit(actor, 'balanceChanged');
    const { credential, pool } = validated(balancesInput, input);
    const isWanted = (credentialId: string, poolId: string) =>
      isAmong(credentialId, credential) && isAmong(poolId, pool);
    return await leavable((signal) => this.#parts.balances.follow(isWanted, signal));
  }

  /** Calls as they are settled, from now on; users see their own. */
  async settled(actor: Actor, input: SettledInput = {}): Stream<CallRecord> {
    permit(actor, 'requests');
    const { filter, ...facts } = validated(settledInput, input);
    const wanted = Object.entries(ownUsage(actor, filter)) as [UsageDimension, readonly string[]][];
    const isWanted = (record: CallRecord) =>
      isAmong(record.outcome, facts.outcome) &&
      (facts.isFailed === undefined || facts.isFailed === record.status >= FAILED_FROM) &&
      wanted.every(([name, values]) => isAmong(record[FIELDS[name]], values));
    return await leavable((signal) => this.#parts.settled.follow(signal, isWanted));
  }

  /** How busy the gateway is now, then after each interval. */
  async stats(actor: Actor, input: StatsInput = {}): Stream<LiveStats> {
    permit(actor, 'liveStats');
    const { intervalSeconds } = validated(statsInput, input);
    return await leavable((signal) => this.#parts.meter.follow(intervalSeconds * 1000, signal));
  }
}

const isAmong = (value: string, wanted: readonly string[] | undefined): boolean =>
  wanted === undefined || wanted.includes(value);
