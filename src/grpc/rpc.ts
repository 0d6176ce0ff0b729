import type { Actor } from '../services/actor.ts';

/** Who asks, by which request, and when it is of no use any more. */
export interface RpcContext {
  /** Carries the request id that events name. */
  readonly actor: Actor;
  readonly requestId: string;
  /** The caller has left, its deadline has passed, or the server stops. */
  readonly signal: AbortSignal;
}

/** One question, one answer. */
export type Unary<Asked, Answer> = (asked: Asked, context: RpcContext) => Answer | Promise<Answer>;

/** One question, answers until the signal. */
export type Watch<Asked, Answer> = (
  asked: Asked,
  context: RpcContext,
) => Promise<AsyncIterable<Answer>>;

/** Answers to questions as they come. */
export type Exchange<Asked, Answer> = (
  asked: AsyncIterable<Asked>,
  context: RpcContext,
) => AsyncIterable<Answer>;
