import type { EventLog } from '../events/log.ts';
import type { Clock, Timer } from '../lib/clock.ts';
import type { Logger } from '../lib/logger.ts';
import { ask, readJson } from './ask.ts';
import type { AskParts } from './ask.ts';
import type { PoolDirectory } from './directory.ts';
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

/**
 * Knows which models each credential's provider lists: asked at start, every five minutes and on
 * demand. A failed ask changes nothing; a credential that was never answered serves everything.
 */
export class Discovery {
  readonly #parts: DiscoveryParts;
  readonly #stopping = new AbortController();
  #running: Promise<void> | undefined;
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
  }

  /** One round at a time: callers during a round share its result. Never rejects. */
  refresh(): Promise<void> {
    this.#running ??= this.#round().finally(() => (this.#running = undefined));
    return this.#running;
  }

  async #round(): Promise<void> {
    const pools = this.#parts.pools.all().filter((pool) => pool.policy.discoversModels);
    const asked = pools.flatMap((pool) => pool.members.map((member) => this.#one(pool, member)));
    await Promise.all(asked);
  }

  async #one(pool: Pool, asked: Member): Promise<void> {
    const { logger, pools, events, clock } = this.#parts;
    const path = asked.kind.modelsPath === undefined ? MODELS_PATH : asked.kind.modelsPath;
    if (path === null) return;
    try {
      const limits = { bytesMax: ANSWER_BYTES_MAX, signal: this.#stopping.signal };
      const { status, text } = await ask(asked, path, this.#parts, limits);
      // A reload may have replaced both while the answer was under way.
      const poolNow = pools.get(pool.id) ?? pool;
      const member = poolNow.member(asked.id) ?? asked;
      if (status === 401) this.#refused(poolNow, member, clock.now());
      if (status !== 200) throw new Error(`the provider answered ${status}`);
      const models = readModels(readJson(text), member.kind);
      const before = member.discovered;
      if (before !== null && isSame(before, models)) return;
      member.discovered = models;
      poolNow.remapModels();
      await events.record([
        {
          type: 'credential_models.changed',
          subject: member.id,
          actor: 'system',
          before: before === null ? null : { count: before.size },
          after: { count: models.size },
        },
      ]);
    } catch (error) {
      if (this.#stopping.signal.aborted) return;
      const reason = error instanceof Error ? error.message : 'failed';
      logger.warn({ credential: asked.name, reason }, 'models not discovered');
    }
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

/** OpenAI's list (https://platform.openai.com/docs/api-reference/models); entries without an id are left out. */
function readModels(answer: unknown, kind: UpstreamKind): Map<string, ModelFacts> {
  const { data } = (answer ?? {}) as { data?: unknown };
  if (!Array.isArray(data)) throw new TypeError('the answer is no list of models');
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
  if (models.size === 0) throw new TypeError('the answer names no model');
  return models;
}

const isSame = (before: ReadonlyMap<string, unknown>, after: ReadonlyMap<string, unknown>) =>
  before.size === after.size && [...after.keys()].every((id) => before.has(id));
