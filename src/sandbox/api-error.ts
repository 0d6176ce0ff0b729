import type { Answer } from './answer.ts';

/** A refusal in OpenAI's shape. Thrown by endpoints, rendered by `errorAnswer`. */
export class ApiError extends Error {
  readonly status: number;
  readonly type: string;
  readonly code: string | null;
  readonly param: string | null;

  constructor(status: number, message: string, facts: Partial<ApiErrorFacts> = {}) {
    super(message);
    this.name = 'ApiError';
    this.status = status;
    this.type = facts.type ?? 'invalid_request_error';
    this.code = facts.code ?? null;
    this.param = facts.param ?? null;
  }
}

export interface ApiErrorFacts {
  type: string;
  code: string | null;
  param: string | null;
}

/** 400 that names the field at fault. */
export function badField(param: string, message: string): ApiError {
  return new ApiError(400, message, { param });
}

/** The `{error:{…}}` object of OpenAI's API. */
export function errorBody(message: string, facts: Partial<ApiErrorFacts> = {}): object {
  return {
    error: {
      message,
      type: facts.type ?? 'invalid_request_error',
      param: facts.param ?? null,
      code: facts.code ?? null,
    },
  };
}

/** Renders an error; anything that is not an ApiError is a defect of the sandbox and shows as 500. */
export function errorAnswer(error: unknown): Answer {
  const known =
    error instanceof ApiError
      ? error
      : new ApiError(500, `Sandbox defect: ${String(error)}`, { type: 'server_error' });
  return {
    status: known.status,
    headers: {},
    body: { kind: 'json', value: { ...errorBody(known.message, known) } },
    usage: null,
    metered: null,
    costNano: 0n,
  };
}
