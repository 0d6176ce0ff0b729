import type { EventLog } from '../events/log.ts';
import type { Clock, Timer } from '../lib/clock.ts';
import type { Logger } from '../lib/logger.ts';
import { AskError, ask, readJson, reasonOf } from './ask.ts';
import type { AskParts } from './ask.ts';
import type { PoolDirectory } from './directory.ts';
import type { Health } from './health.ts';
import type { Member, ModelFacts } from './member.ts';
import type { Pool } from './pool.ts';
import type { UpstreamKind } from './upstream-kind.ts';

export const MODELS_PATH = '/v1/models';
const INTERVAL_MS = 300_000;
/** The first round may keep the start waiting so long; what comes later is taken in later. */
const START_WAIT_MS = 3000;
const ANSWER_BYTES_MAX = 8 * 1024 * 1024;
const MODELS_MAX = 20_000;

export interface DiscoveryParts extends AskParts {
  pools: PoolDirectory;
  events: EventLog;
  clock: Clock;
  logger: Logger;
}

/** What came of asking for a credential's models. */
export interface DiscoveryResult {
  id: string;
  credential: string;
  /** Null while they are not known. */
  count: number | null;
  error: string | null;
}

/**
 * Knows which models each credential's provider lists: asked at start, every five minutes and on
 * demand. A failed ask changes nothing; a credential that was never answered serves everything.
 */
export class Discovery {
  readonly #parts: DiscoveryParts;
  readonly #stopping = new AbortController();
  #running: Promise<void> | undefined;
  /** What is under way, by account. */
  readonly #asking = new Map<Health, Promise<DiscoveryResult>>();
  readonly #met = new WeakSet<Health>();
  #timer: Timer | undefined;

  constructor(parts: DiscoveryParts) {
    this.#parts = parts;
  }

  /** Asks now, then every interval. Resolves when the first round is over, or after three seconds. */
  async start(): Promise<void> {
    const { clock } = this.#parts;
    const waited = Promise.withResolvers<void>();
    const patience = clock.after(START_WAIT_MS, () => waited.resolve());
    const round = async () => {
      await this.refresh();
      waited.resolve();
      if (!this.#stopping.signal.aborted) {
        this.#timer = clock.after(INTERVAL_MS, () => void round());
      }
    };
    void round();
    await waited.promise;
    patience.cancel();
  }

  async stop(): Promise<void> {
    this.#timer?.cancel();
    this.#stopping.abort();
    await this.#running;
    await Promise.all(this.#asking.values());
  }

  /** One round at a time: callers during a round share its result. Never rejects. */
  refresh(): Promise<void> {
    this.#running ??= this.#round().finally(() => (this.#running = undefined));
    return this.#running;
  }

  /** Some of them: who is being asked already is not asked twice. Never rejects. */
  refreshOf(members: readonly Member[]): Promise<DiscoveryResult[]> {
    return Promise.all(members.map((member) => this.#once(member)));
  }

  /** Asks those that have come since the last round, lest they wait for the next. */
  meet(): void {
    const isNew = ({ discovered, health }: Member) => discovered === null && !this.#met.has(health);
    void this.refreshOf(this.#asked().filter(isNew));
  }

  async #round(): Promise<void> {
    await this.refreshOf(this.#asked());
  }

  #asked(): Member[] {
    return this.#parts.pools
      .all()
      .filter(({ policy }) => policy.discoversModels)
      .flatMap(({ members }) => members.filter(({ kind }) => modelsPathOf(kind) !== null));
  }

  #once(member: Member): Promise<DiscoveryResult> {
    const { health } = member;
    const running = this.#asking.get(health);
    if (running !== undefined) return running;
    const asking = this.#one(member).finally(() => this.#asking.delete(health));
    this.#asking.set(health, asking);
    return asking;
  }

  async #one(asked: Member): Promise<DiscoveryResult> {
    const { logger } = this.#parts;
    const { id, name: credential } = asked;
    this.#met.add(asked.health);
    try {
      const models = await this.#learn(asked);
      return { id, credential, count: models.size, error: null };
    } catch (error) {
      const reason = error instanceof Error ? error.message : 'failed';
      if (!this.#stopping.signal.aborted) {
        logger.warn({ credential, reason }, 'models not discovered');
      }
      return { id, credential, count: asked.discovered?.size ?? null, error: reasonOf(error) };
    }
  }

  async #learn(asked: Member): Promise<ReadonlyMap<string, ModelFacts>> {
    const { pools, clock } = this.#parts;
    const path = modelsPathOf(asked.kind);
    const pool = pools.poolOf(asked);
    if (pool === undefined) throw new AskError('its pool is gone');
    if (!pool.policy.discoversModels) throw new AskError('its pool asks for no models');
    if (path === null) throw new AskError('the provider lists no models');
    const limits = { bytesMax: ANSWER_BYTES_MAX, signal: this.#stopping.signal };
    const { status, text } = await ask(asked, path, this.#parts, limits);
    // A reload may have replaced both while the answer was under way.
    const poolNow = pools.get(pool.id) ?? pool;
    const member = poolNow.member(asked.id) ?? asked;
    if (!member.isAccountOf(asked)) throw new AskError('it is another account now');
    if (status === 401) this.#refused(poolNow, member, clock.now());
    if (status !== 200) throw new AskError(`the provider answered ${status}`);
    const models = readModels(readJson(text), member.kind);
    await this.#note(poolNow, member, models);
    return models;
  }

  async #note(pool: Pool, member: Member, models: ReadonlyMap<string, ModelFacts>): Promise<void> {
    const before = member.discovered;
    if (before !== null && isSame(before, models)) return;
    member.discovered = models;
    pool.remapModels();
    await this.#parts.events.record([
      {
        type: 'credential_models.changed',
        subject: member.id,
        actor: 'system',
        before: before === null ? null : { count: before.size },
        after: { count: models.size },
      },
    ]);
  }

  /** No client's doing, and as good a reason as any to look whether the credential still works. */
  #refused(pool: Pool, member: Member, nowMs: number): void {
    const facts = {
      model: '',
      status: 401,
      verdict: 'unauthorized',
      requestId: null,
      startedAtMs: nowMs,
      nowMs,
    };
    pool.report(member, { kind: 'unauthorized' }, facts);
  }
}

/** Where the provider lists its models; null: nowhere. */
export const modelsPathOf = ({ modelsPath }: UpstreamKind): string | null =>
  modelsPath === undefined ? MODELS_PATH : modelsPath;

/** OpenAI's list (https://platform.openai.com/docs/api-reference/models); entries without an id are left out. */
export function readModels(answer: unknown, kind: UpstreamKind): Map<string, ModelFacts> {
  const { data } = (answer ?? {}) as { data?: unknown };
  if (!Array.isArray(data)) throw new AskError('the answer is no list of models');
  const models = new Map<string, ModelFacts>();
  for (const entry of data.slice(0, MODELS_MAX) as unknown[]) {
    const { id: listed, created, owned_by: ownedBy } = (entry ?? {}) as Record<string, unknown>;
    if (typeof listed !== 'string' || listed === '') continue;
    const id = kind.modelOf?.(listed) ?? listed;
    models.set(id, {
      id,
      created: typeof created === 'number' ? created : 0,
      ownedBy: typeof ownedBy === 'string' ? ownedBy : '',
    });
  }
  // One that names nothing would leave nobody to serve anything: no answer, rather than a true one.
  if (models.size === 0) throw new AskError('the answer names no model');
  return models;
}

const isSame = (before: ReadonlyMap<string, unknown>, after: ReadonlyMap<string, unknown>) =>
  before.size === after.size && [...after.keys()].every((id) => before.has(id));
