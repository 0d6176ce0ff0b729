import type { BudgetBook } from '../accounting/budgets/budget-book.ts';
import type { Recorded, Recordings } from '../accounting/remote/recordings.ts';
import { fingerprintOf } from '../accounting/remote/remote-asked.ts';
import { noUsage } from '../entities/usage.ts';
import { GatewayError } from '../errors/gateway-error.ts';
import { answersInOrder } from '../lib/answers-in-order.ts';
import type { Clock } from '../lib/clock.ts';
import type { Logger } from '../lib/logger.ts';
import type { Actor } from './actor.ts';
import type { KeyIndex } from './key-index.ts';
import { keyOf } from './key-ref.ts';
import { moneyLeft } from './money-left.ts';
import type { MoneyLeft } from './money-left.ts';
import { validated } from './operation.ts';
import { permit, permitChange } from './policy.ts';
import { ID_CHARS_MAX, recordInput, sumsInput } from './remote-input.ts';
import type { RecordInput, SumsInput } from './remote-input.ts';
import type { StatsService, UsageGroup } from './stats.ts';
import type { UsageSum } from './usage-sum.ts';

/** Calls of one stream that may await their commit, and answers that go into one message. */
const STREAM = { waitingMax: 1000, batchMax: 250 };
const MODELS_MAX = 100;

export interface UsageRecordingParts {
  clock: Clock;
  logger: Logger;
  keys: KeyIndex;
  budgets: BudgetBook;
  recordings: Recordings;
  stats: StatsService;
}

/** A call that is on record, and what is left after it. */
export interface UsageRecorded extends MoneyLeft {
  readonly recorded: Recorded;
}

/** What became of one of many. */
export interface RecordOutcome {
  readonly idempotencyId: string;
  readonly outcome: UsageRecorded | GatewayError;
}

/** Calls that other services have made, put on record and charged by the books of `/v1`. */
export class UsageRecordings {
  readonly #parts: UsageRecordingParts;
  readonly #input: ReturnType<typeof recordInput>;
  readonly #sumsInput: ReturnType<typeof sumsInput>;

  constructor(parts: UsageRecordingParts) {
    this.#parts = parts;
    const now = () => parts.clock.now();
    this.#input = recordInput(now);
    this.#sumsInput = sumsInput(now);
  }

  /**
   * Charges a call, also of a key that may not be used any more, and whatever room its budgets have. It is
   * on disk when this resolves.
   * @throws GatewayError `not_found` for the key, `conflict` where the id is another call's
   */
  async record(actor: Actor, input: RecordInput): Promise<UsageRecorded> {
    permitChange(actor, 'recordUsage');
    return await this.#record(actor, input);
  }

  /** The same for many, answered in their order: what is wrong with one is told in its answer. */
  recordAll(
    actor: Actor,
    inputs: AsyncIterable<RecordInput | null>,
  ): AsyncGenerator<RecordOutcome[], void> {
    permitChange(actor, 'recordUsage');
    return answersInOrder(inputs, (input) => this.#outcome(actor, input), STREAM);
  }

  /** What a key used in a span of time, in all and by model, the dearest first. */
  async sums(actor: Actor, input: SumsInput): Promise<{ total: UsageSum; models: UsageGroup[] }> {
    permit(actor, 'usage');
    const { keys, stats } = this.#parts;
    const { key: ref, ...range } = validated(this.#sumsInput, input);
    const asked = { ...range, filter: { key: [keyOf(keys, ref, actor.userId).id] } };
    const [total, models] = await Promise.all([
      stats.totals(actor, asked),
      stats.by(actor, ['model'], { ...asked, count: MODELS_MAX }),
    ]);
    return { total, models };
  }

  async #outcome(actor: Actor, input: RecordInput | null): Promise<RecordOutcome> {
    if (input === null) return { idempotencyId: '', outcome: noRecord() };
    const idempotencyId = echoOf(input.idempotency_id);
    try {
      return { idempotencyId, outcome: await this.#record(actor, input) };
    } catch (thrown) {
      const error = GatewayError.from(thrown);
      if (error.code === 'internal') {
        this.#parts.logger.error({ err: thrown, requestId: actor.requestId }, 'usage not recorded');
      }
      return { idempotencyId, outcome: error };
    }
  }

  async #record(actor: Actor, input: RecordInput): Promise<UsageRecorded> {
    const { keys, recordings } = this.#parts;
    const wanted = validated(this.#input, input);
    const { provider, model, endpoint, cost_nano_usd: costNano = null } = wanted;
    const { usage = noUsage(), used_at: usedAtMs = null, counts_in_limits: isCounted } = wanted;
    const { id: keyId, poolId, userId, teamId, limits } = keyOf(keys, wanted.key);
    const content = { provider, model, endpoint, usage, costNano, usedAtMs };
    const recorded = await recordings.record({
      ...content,
      keyId,
      poolId,
      userId,
      teamId,
      idempotencyId: wanted.idempotency_id,
      fingerprint: fingerprintOf('usage', content, isCounted),
      actor: actor.name,
      limits: isCounted ? limits : [],
    });
    return { recorded, ...moneyLeft(recorded.subjects, this.#parts) };
  }
}

/** A copy, as part of a text keeps all of it alive: one that is no id may be as long as a message. */
const echoOf = (id: string): string =>
  id.length <= ID_CHARS_MAX
    ? id
    : Buffer.from(id.slice(0, ID_CHARS_MAX), 'utf16le').toString('utf16le');

const noRecord = () =>
  new GatewayError('invalid_request', 'record: is missing', { param: 'record' });
