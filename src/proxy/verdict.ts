import type { ErrorCode } from '../errors/catalogue.ts';
import type { Effect } from '../pool/effect.ts';
import type { Failure } from './exchange.ts';
import { rows } from './verdict-rows.ts';
import type { Row } from './verdict-rows.ts';

/** What one attempt came to, before any byte reached the client. */
export type Answer =
  | {
      phase: 'failed';
      failure: Failure;
      isSent: boolean;
      /** On a connection that had served before, and without a byte in answer. */
      isStale: boolean;
    }
  | {
      phase: 'answered';
      /** Also of an error that came in a 200: the status it should have had. */
      status: number;
      /** `error.code` or `error.type` of an error body; null when there is none. */
      errorCode: string | null;
      /** When to come back, milliseconds from now, if it said so. */
      retryAfterMs: number | null;
      /** The call carried a token that the credential's secret was exchanged for. */
      hasToken?: boolean;
      /** The body is HTML: somebody in between speaks. */
      isPage?: boolean;
      /** A success that is not what the endpoint answers. */
      isUnreadable?: boolean;
      /** A success without a body, from an endpoint that always has one. */
      isEmpty?: boolean;
    };

/** What else a verdict depends on. */
export interface Circumstances {
  /** A call that may have been executed may be sent again. */
  isRepeatable: boolean;
  /** The body is still at hand. */
  hasBody: boolean;
  /** It asks for a model. */
  hasModel: boolean;
  /** Verdicts of the attempts before. */
  before: readonly string[];
}

export interface Verdict {
  /** Name of the row, as recorded. */
  name: string;
  /**
   * deliver: the answer is the client's · next: try another credential · again: the same one, on a new
   * connection · refuse: the client's own fault, its answer goes back · stop: give up.
   */
  next: 'deliver' | 'next' | 'again' | 'refuse' | 'stop';
  effect: Effect;
  /** What the client is told if this was the last attempt. */
  error: { code: ErrorCode; message: string } | null;
}

/** The first row that applies, in the light of what came before. */
export function judge(answer: Answer, how: Circumstances): Verdict {
  const { isRepeatable, hasBody, before } = how;
  const isSpent = ({ isOnce, name }: Row) => isOnce === true && before.includes(name);
  const row = rows.find((candidate) => !isSpent(candidate) && candidate.applies(answer, how));
  if (row === undefined) throw new Error('the last row of the verdict table applies to everything');
  const possible = row.next === 'again' && !hasBody ? 'stop' : row.next;
  const isSafe = isRepeatable && row.isAmbiguous === true;
  const next = possible === 'stop' && isSafe ? 'next' : possible;
  return { name: row.name, next, effect: effectOf(row, answer), error: row.error };
}

function effectOf({ effect: kind }: Row, answer: Answer): Effect {
  const ms = answer.phase === 'answered' ? answer.retryAfterMs : null;
  if (kind === 'cooling') return { kind, ms };
  if (kind === 'origin') return { kind, isWhole: false, ms };
  if (kind === 'whole_origin') return { kind: 'origin', isWhole: true, ms: null };
  return { kind };
}
