import { GatewayError } from '../errors/gateway-error.ts';
import type { Asked } from './endpoints/endpoint.ts';
import type { Served } from '../pool/served.ts';
import type { PassingBody } from './passing-body.ts';

/** The body as it goes upstream. Bytes can be sent again; a stream only once. */
export type OutgoingBody =
  | { kind: 'none' }
  | { kind: 'bytes'; bytes: Buffer }
  | {
      kind: 'stream';
      head: Buffer[];
      rest: PassingBody;
      /** Bytes that a renamed model has added to what the client sends. */
      grownBy: number;
    };

export interface ReadRequest {
  asked: Asked;
  /** For an upstream that knows the model by the name asked for. */
  body: OutgoingBody;
  /** The same with the upstream's name of the model, and what else its rule sets. */
  renamed(served: Served): OutgoingBody;
  /** We asked the upstream for a usage event that the client did not ask for: hide it. */
  hidesUsage: boolean;
}

/**
 * The body as a credential is to get it: byte-identical unless the model's name must change, or a cap
 * of the output be set.
 */
export function bodyFor(
  request: ReadRequest,
  served: Served,
  cap: Record<string, number> | null,
): OutgoingBody {
  if (cap !== null) return request.renamed({ ...served, set: { ...served.set, ...cap } });
  const isAsAsked = served.upstream === request.asked.model && served.set === null;
  return isAsAsked || request.asked.model === '' ? request.body : request.renamed(served);
}

const MODEL_CHARS_MAX = 256;

/** The model's name, required and free of control characters. */
export function readModel(fields: Record<string, unknown>): string {
  const model = fields['model'];
  if (model === undefined || model === null || model === '') {
    throw invalid('You must provide a model parameter.', 'model');
  }
  if (
    typeof model !== 'string' ||
    model.length > MODEL_CHARS_MAX ||
    !/^[\x21-\x7e]+$/.test(model)
  ) {
    throw invalid(
      `The model must be a name of at most ${MODEL_CHARS_MAX} visible characters.`,
      'model',
    );
  }
  return model;
}

export const invalid = (message: string, param?: string) =>
  new GatewayError('invalid_request', message, param === undefined ? {} : { param });

export const tooLarge = (limitBytes: number) =>
  new GatewayError(
    'payload_too_large',
    `The request body is larger than ${Math.floor(limitBytes / 1024 / 1024)} MiB.`,
  );

export const leftEarly = (cause: unknown) =>
  new GatewayError('client_closed_request', 'The request body ended early.', { cause });
