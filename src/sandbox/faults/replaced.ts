import type { Answer } from '../answer.ts';
import { errorBody } from '../api-error.ts';
import type { HeaderTable } from '../script.ts';
import { replaceBody } from './edit.ts';
import type { Fault, Params } from './fault.ts';

const HTML = '<!doctype html><html><body><h1>Upstream is unwell</h1></body></html>';

const errorParams = {
  type: { default: '', about: 'error.type; fits the status when empty' },
  code: { default: '', about: 'error.code; fits the status when empty' },
  message: { default: 'The sandbox was asked to fail.', about: 'error.message' },
};

const statusParams = {
  ...errorParams,
  code: { default: 500, about: 'the HTTP status' },
  'error-code': { default: '', about: 'error.code; fits the status when empty' },
  'retry-after': { default: '', about: 'Retry-After as given: seconds or an HTTP date' },
  'retry-after-ms': { default: '', about: 'retry-after-ms as given' },
  body: { default: 'json', about: 'what follows', oneOf: ['json', 'html', 'empty'] },
};

/** What OpenAI puts into `type` and `code` for a status. */
const USUAL: Record<number, readonly [type: string, code: string | null]> = {
  400: ['invalid_request_error', null],
  401: ['invalid_request_error', 'invalid_api_key'],
  402: ['insufficient_quota', 'insufficient_quota'],
  403: ['invalid_request_error', 'permission_denied'],
  404: ['invalid_request_error', 'model_not_found'],
  429: ['rate_limit_error', 'rate_limit_exceeded'],
};

function statusAnswer(answer: Answer, params: Params): Answer {
  const status = params.number('code');
  const headers: HeaderTable = {};
  for (const name of ['retry-after', 'retry-after-ms']) {
    if (params.text(name) !== '') headers[name] = params.text(name);
  }
  const [type, code] = USUAL[status] ?? ['server_error', null];
  const value = errorBody(params.text('message'), {
    type: params.text('type') || type,
    code: params.text('error-code') || code,
  });
  return replaceBody(answer, status, statusBody(params.text('body'), value), headers);
}

function statusBody(kind: string, value: object): Answer['body'] {
  if (kind === 'html') return { kind: 'bytes', contentType: 'text/html', bytes: Buffer.from(HTML) };
  if (kind === 'empty') {
    return { kind: 'bytes', contentType: 'application/json', bytes: Buffer.alloc(0) };
  }
  return { kind: 'json', value: { ...value } };
}

/** Faults that say something else instead of the answer; nothing is charged. */
export const replacedFaults: readonly Fault[] = [
  {
    name: 'status',
    description: 'An error with the given status and body.',
    params: statusParams,
    answer: statusAnswer,
  },
  {
    name: 'early-status',
    description: 'The same as status, sent before the request body is read; then the end.',
    params: { ...statusParams, code: { default: 413, about: 'the HTTP status' } },
    isBeforeBody: true,
    answer: (answer, params) => {
      const early = statusAnswer(answer, params);
      return { ...early, headers: { ...early.headers, connection: 'close' } };
    },
  },
  {
    name: 'insufficient-quota',
    description: 'A 429 that means an empty account, not a rate.',
    answer: (answer) => {
      const value = errorBody('You exceeded your current quota.', {
        type: 'insufficient_quota',
        code: 'insufficient_quota',
      });
      return replaceBody(answer, 429, { kind: 'json', value: { ...value } });
    },
  },
  {
    name: 'error-in-200',
    description: 'Status 200 whose JSON body is an error object.',
    params: errorParams,
    answer: (answer, params) => {
      const value = errorBody(params.text('message'), {
        type: params.text('type') || 'server_error',
        code: params.text('code') || null,
      });
      return replaceBody(answer, 200, { kind: 'json', value: { ...value } });
    },
  },
  {
    name: 'empty-204',
    description: 'A success without any body.',
    params: { code: { default: 204, about: 'the status: 204, 205 or 304' } },
    answer: (answer, params) =>
      replaceBody(answer, params.number('code'), {
        kind: 'bytes',
        contentType: 'application/json',
        bytes: Buffer.alloc(0),
      }),
  },
  {
    name: 'redirect',
    description: 'A redirect elsewhere, which must not be followed.',
    params: {
      location: { default: 'http://169.254.169.254/latest/', about: 'the Location' },
      code: { default: 307, about: 'the status' },
    },
    answer: (answer, params) =>
      replaceBody(answer, params.number('code'), statusBody('empty', {}), {
        location: params.text('location'),
      }),
  },
  {
    name: 'echo-authorization',
    description: 'An error whose message and header repeat the Authorization that was sent.',
    params: { code: { default: 401, about: 'the status' } },
    answer: (answer, params, { authorization }) => {
      const message = `Incorrect API key provided: ${authorization}`;
      const value = errorBody(message, { code: 'invalid_api_key' });
      return replaceBody(
        answer,
        params.number('code'),
        { kind: 'json', value: { ...value } },
        { 'x-sandbox-authorization': authorization },
      );
    },
  },
];
