import type { BudgetBook } from '../accounting/budgets/budget-book.ts';
import type { Limits } from '../accounting/limits.ts';
import type { Clock } from '../lib/clock.ts';
import { hasKeyForm, hasKnownPrefix, isWellFormed } from '../lib/virtual-key-format.ts';
import type { Actor } from './actor.ts';
import { budgetsNow, leastLeft } from './budgets-now.ts';
import type { BudgetNow } from './budgets-now.ts';
import { checkInput, checksInput, namedKeyInput } from './key-check-input.ts';
import type { Check, CheckInput, ChecksInput, NamedKeyInput } from './key-check-input.ts';
import type { IndexedKey, KeyIndex } from './key-index.ts';
import { keyNow } from './key-now.ts';
import type { KeyNow } from './key-now.ts';
import { findKey, keyOf, SECRET_CHARS_MAX } from './key-ref.ts';
import type { KeyRef } from './key-ref.ts';
import { limitsNow } from './limits-now.ts';
import type { LimitNow } from './limits-now.ts';
import { validated } from './operation.ts';
import { permit } from './policy.ts';

/** Why a key may not be used, in the order in which they are looked for; the words are contracts B1's. */
export const KEY_REFUSALS = {
  invalid_format: 'Invalid key format',
  invalid_prefix: 'Invalid key prefix',
  not_found: 'Key not found',
  inactive: 'Key is inactive',
  expired: 'Key has expired',
  address_not_allowed: 'Source address not allowed',
  endpoint_not_allowed: 'Endpoint not allowed',
  model_not_allowed: 'Model not allowed',
  budget_exceeded: 'Budget exceeded',
  rate_limit_exceeded: 'Rate limit exceeded',
} as const;

export type KeyRefusal = keyof typeof KEY_REFUSALS;

/** Whether a key may be used now, and what that goes by. */
export interface KeyJudgement {
  /** Null: it may. */
  readonly refusal: KeyRefusal | null;
  /** Null for one that is not found. */
  readonly key: KeyNow | null;
  readonly limits: readonly LimitNow[];
  readonly budgets: readonly BudgetNow[];
  /** The least that is left in any hard budget, nano-USD; null without any. */
  readonly remainingNano: bigint | null;
  /** Until a rate limit may have room; null for everything else. */
  readonly retryAfterMs: number | null;
}

export interface KeyCheckParts {
  clock: Clock;
  keys: KeyIndex;
  /** Those that calls are judged by. */
  limits: Pick<Limits, 'refusal' | 'windows'>;
  budgets: Pick<BudgetBook, 'find' | 'refusal'>;
  /** Endpoints of which nobody knows the models: no key of certain models may call them. */
  unpricedEndpoints: ReadonlySet<string>;
}

interface Judged extends KeyNow {
  asked: Check;
  isUnpriced: boolean;
  isSpent: boolean;
  isTight: boolean;
}

/** The first that holds is told. */
const RULES: readonly (readonly [KeyRefusal, (judged: Judged) => boolean])[] = [
  ['inactive', ({ status }) => status === 'inactive' || status === 'deleted'],
  ['expired', ({ status }) => status === 'expired'],
  [
    'address_not_allowed',
    ({ asked, key }) =>
      asked.source_address !== '' && !key.scope.allowsAddress(asked.source_address),
  ],
  [
    'endpoint_not_allowed',
    ({ asked, key, isUnpriced }) =>
      asked.endpoint !== '' &&
      (!key.scope.allowsEndpoint(asked.endpoint) || (key.scope.isOfModels && isUnpriced)),
  ],
  [
    'model_not_allowed',
    ({ asked, key }) => asked.model !== '' && !key.scope.allowsModel(asked.model),
  ],
  ['budget_exceeded', ({ isSpent }) => isSpent],
  ['rate_limit_exceeded', ({ isTight }) => isTight],
];

/**
 * Judges keys for services that let calls in themselves, by what `/v1` admits by: the same index, limits
 * and budgets. Takes and holds nothing, and asks no database.
 */
export class KeyChecks {
  readonly #parts: KeyCheckParts;

  constructor(parts: KeyCheckParts) {
    this.#parts = parts;
  }

  check(actor: Actor, input: CheckInput): KeyJudgement {
    permit(actor, 'validateKey');
    return this.#judge(validated(checkInput, input));
  }

  /** In the order of the questions. */
  checkAll(actor: Actor, input: ChecksInput): KeyJudgement[] {
    permit(actor, 'validateKey');
    return validated(checksInput, input).requests.map((asked) => this.#judge(asked));
  }

  /** Deleted ones by their id; users find their own. */
  get(actor: Actor, input: NamedKeyInput): KeyNow {
    permit(actor, 'key');
    const { key: ref } = validated(namedKeyInput, input);
    const { clock, keys } = this.#parts;
    return keyNow(keys, keyOf(keys, ref, actor.userId), clock.now());
  }

  #judge(asked: Check): KeyJudgement {
    const key = findKey(this.#parts.keys, asked.key);
    if (key !== undefined) return this.#judgeFound(key, asked);
    return { ...NOTHING, refusal: unknown(asked.key) };
  }

  #judgeFound(key: IndexedKey, asked: Check): KeyJudgement {
    const { clock, keys, limits, budgets, unpricedEndpoints } = this.#parts;
    const nowMs = clock.now();
    const now = keyNow(keys, key, nowMs);
    const { poolId: pool, teamId, userId } = key;
    const all = budgets.find({ key: key.id, team: teamId || null, user: userId || null, pool });
    const tight = limits.refusal(key.limits, asked.estimate_tokens, clock.monotonic());
    const judged = {
      ...now,
      asked,
      isUnpriced: unpricedEndpoints.has(asked.endpoint),
      isSpent: budgets.refusal(all, asked.estimate_nano_usd, nowMs) !== null,
      isTight: tight !== null,
    };
    const [refusal] = RULES.find(([, holds]) => holds(judged)) ?? [null];
    const standings = budgetsNow(all, nowMs);
    return {
      refusal,
      key: now,
      limits: limitsNow(key.limits, { limits, clock }),
      budgets: standings,
      remainingNano: leastLeft(standings),
      retryAfterMs: refusal === 'rate_limit_exceeded' ? (tight?.waitMs ?? null) : null,
    };
  }
}

const NOTHING = { key: null, limits: [], budgets: [], remainingNano: null, retryAfterMs: null };

/** What is wrong with what names no key; an id has no form of its own to tell by. */
function unknown({ secret }: KeyRef): KeyRefusal {
  if (secret === undefined) return 'not_found';
  const isPlausible = secret.length <= SECRET_CHARS_MAX && hasKeyForm(secret);
  if (!isPlausible || !isWellFormed(secret)) return 'invalid_format';
  return hasKnownPrefix(secret) ? 'not_found' : 'invalid_prefix';
}
