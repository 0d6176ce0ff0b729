import type { PriceBook } from '../accounting/prices/price-book.ts';
import type { Ticket } from '../accounting/ticket.ts';
import type { TokenCounter } from '../accounting/tokens/token-counter.ts';
import type { Random } from '../lib/random.ts';
import type { AccessTokens } from '../pool/access-tokens.ts';
import type { EffectFacts } from '../pool/effect.ts';
import type { Member } from '../pool/member.ts';
import type { Pool } from '../pool/pool.ts';
import type { AdmitParts } from './admit.ts';
import type { Call } from './call.ts';
import type { CallerKind } from './caller-credential.ts';
import type { Endpoint } from './endpoints/endpoint.ts';
import type { IdempotentCalls } from './idempotent-calls.ts';
import type { KeyWatch } from './key-watch.ts';
import type { ReadRequest } from './read-request.ts';
import type { RetryBudget } from './retry-budget.ts';
import type { Route } from './route.ts';
import type { Transport } from './transport.ts';
import type { KeyEntry, VirtualKeys } from './virtual-keys.ts';

/** What the data plane works with. Snapshots and counters in memory; no database among them. */
export interface DataPlane extends AdmitParts {
  random: Random;
  /** As of now; a call keeps the book that it came with. */
  readonly prices: PriceBook;
  keys: VirtualKeys;
  keyWatch: KeyWatch;
  pools: { get(id: string): Pool | undefined };
  transport: Transport;
  tokens: AccessTokens;
  retries: RetryBudget;
  idempotent: IdempotentCalls;
  /** Counts what providers do not tell. */
  counter: Pick<TokenCounter, 'count'>;
  /** Providers whose credentials callers may bring. */
  callerKinds: readonly CallerKind[];
  bodyLimitBytes: number;
  /** A failure has moved a pool's selection on. */
  onSelected(pool: Pool, from: Member, to: Member, facts: EffectFacts): void;
}

/** An authenticated call whose body was read. */
export interface Arrived {
  call: Call;
  endpoint: Endpoint;
  pool: Pool;
  request: ReadRequest;
  key: KeyEntry;
  /** Hold and settlement go by the same prices, whatever is set meanwhile. */
  prices: PriceBook;
}

/** An admitted call on its way. */
export interface Admitted extends Arrived {
  route: Route;
  ticket: Ticket;
}
