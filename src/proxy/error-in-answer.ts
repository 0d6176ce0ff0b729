import { isObject } from './usage-readers.ts';

/** Where providers say what kind of error it is when the status does not: by code or type. */
const STATUS_OF: ReadonlyMap<string, number> = new Map([
  ['invalid_request_error', 400],
  ['invalid_prompt', 400],
  ['context_length_exceeded', 400],
  ['content_filter', 400],
  ['content_policy_violation', 400],
  ['invalid_api_key', 401],
  ['authentication_error', 401],
  ['insufficient_quota', 429],
  ['billing_hard_limit_reached', 429],
  ['permission_error', 403],
  ['model_not_found', 404],
  ['not_found_error', 404],
  ['rate_limit_exceeded', 429],
  ['rate_limit_error', 429],
  ['overloaded_error', 529],
]);
const UNKNOWN_STATUS = 500;

/** An error that came where an answer was due. */
export interface AnswerError {
  /** The status it should have had. */
  status: number;
  code: string | null;
}

/** `error.code`, else `error.type`, of an error object or of the error itself. */
export function errorCodeOf(error: unknown): string | null {
  if (!isObject(error)) return null;
  const { code, type } = error;
  if (typeof code === 'string') return code;
  return typeof type === 'string' ? type : null;
}

/**
 * The error that an answer's object is after all; null when it is an answer. A response object that
 * failed has an `error` too, but says what it is and what it used.
 */
export function errorInAnswer(answer: Record<string, unknown>): AnswerError | null {
  const isAnswer = answer['object'] !== undefined || answer['choices'] !== undefined;
  return isAnswer ? null : errorToldBy(answer);
}

/**
 * The error that an object tells of: in its `error`, or itself where its `type` says so or its `error` is
 * but a text.
 */
export function errorToldBy(told: Record<string, unknown>): AnswerError | null {
  const isItself = told['type'] === 'error' || (textOf(told['error']) ?? '') !== '';
  const error = isObject(told['error']) ? told['error'] : isItself ? told : null;
  if (error === null) return null;
  const code = error === told ? textOf(error['code']) : errorCodeOf(error);
  return { status: statusOf(error, code), code };
}

const textOf = (value: unknown): string | null => (typeof value === 'string' ? value : null);

function statusOf(error: Record<string, unknown>, code: string | null): number {
  // OpenRouter and others put the HTTP status here.
  const told = [error['code'], error['status']]
    .map(Number)
    .find((value) => value >= 400 && value < 600);
  if (told !== undefined && Number.isInteger(told)) return told;
  return STATUS_OF.get(code ?? '') ?? STATUS_OF.get(String(error['type'])) ?? UNKNOWN_STATUS;
}
