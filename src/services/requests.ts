import type { UsageRecord } from '../entities/usage-record.ts';
import type { Actor } from './actor.ts';
import { explainCall } from './explain.ts';
import type { Explanation } from './explain.ts';
import { validated } from './operation.ts';
import { ownUsage } from './own-usage.ts';
import type { Page } from './page.ts';
import { permit } from './policy.ts';
import type { Reader } from './reader/reader.ts';
import { placeOf, recentCalls } from './recent-calls.ts';
import { recordsOf } from './record-rows.ts';
import { cursorOf, requestsInput } from './requests-input.ts';
import type { ListRequests } from './requests-input.ts';

/** So many records are looked at for one page: some tens of milliseconds. */
const LOOK_MAX = 50_000;

/** The ledger's records, one by one: what was asked, and what became of it. Users see their own. */
export class RequestService {
  readonly #reader: Reader;

  constructor({ reader }: { reader: Reader }) {
    this.#reader = reader;
  }

  /**
   * Newest first, by quarters of an hour and in each by id. What roll-ups tell apart is found wherever
   * it is; for the rest (outcome, reason, stream, failure) records are looked at one by one, and a page
   * ends early after 50,000 of them: `endCursor` then goes on from there.
   */
  async list(actor: Actor, input: ListRequests = {}): Promise<Page<UsageRecord>> {
    permit(actor, 'requests');
    const {
      filter,
      fromMs = 0,
      toMs = Infinity,
      first,
      after,
      ...facts
    } = validated(requestsInput, input);
    const asked = {
      filter: ownUsage(actor, filter),
      facts,
      period: { startMs: fromMs, endMs: toMs },
    };
    // One more than the page has: whether there is a next one.
    const limits = { count: first + 1, after, lookMax: LOOK_MAX };
    const { ids, stoppedAt } = await recentCalls(this.#reader, asked, limits);
    const records = await recordsOf(this.#reader, ids.slice(0, first));
    const items = records.map((node) => ({ cursor: cursorOf(placeOf(node)), node }));
    const last = ids.length > first ? items.at(-1)?.cursor : undefined;
    const endCursor = last ?? (stoppedAt === null ? null : cursorOf(stoppedAt));
    return { items, endCursor, hasNextPage: endCursor !== null };
  }

  /** @throws GatewayError `not_found`, also for a request that is another user's */
  async explain(actor: Actor, id: string): Promise<Explanation> {
    permit(actor, 'explainRequest');
    return await explainCall(this.#reader, id, actor.userId);
  }
}
