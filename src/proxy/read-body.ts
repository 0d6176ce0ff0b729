import { isUtf8 } from 'node:buffer';
import { GatewayError } from '../errors/gateway-error.ts';
import { JsonScanError, patchTopLevel, scanTopLevel } from '../lib/json-scan.ts';
import type { JsonScanReason, TopLevel } from '../lib/json-scan.ts';
import type { Call } from './call.ts';
import type { Endpoint } from './endpoints/endpoint.ts';
import { passingBody } from './passing-body.ts';
import { readForm } from './read-form.ts';
import { invalid, leftEarly, readModel, tooLarge } from './read-request.ts';
import type { OutgoingBody, ReadRequest } from './read-request.ts';
import { isObject } from './usage-readers.ts';

const JSON_LIMITS = { depthMax: 128, membersMax: 65_536 };
const SCAN_MESSAGES: Record<JsonScanReason, string> = {
  depth: `The request body is nested deeper than ${JSON_LIMITS.depthMax} levels.`,
  members: `The request body has more than ${JSON_LIMITS.membersMax} object members.`,
  not_object: 'The request body is not a valid JSON object.',
};
const CHOICES_MAX = 128;
/**
 * Fields that decide over route or money. One that comes twice, or in other letters as well, lets one
 * reader see another request than the next one does.
 */
const DECISIVE = new Set(
  `model models provider providerOptions extra_body preset route plugins
  stream stream_options service_tier background deferred
  n best_of max_tokens max_completion_tokens max_output_tokens
  messages input instructions prompt suffix query documents prediction
  tools functions function_call web_search_options search_parameters
  previous_response_id conversation context_management
  reasoning thinking modalities audio speed size quality`.split(/\s+/),
);

/** As those upstreams compare names that match them in any case; Go's also take the long s for an s. */
const anyCase = (name: string): string => name.toUpperCase().toLowerCase();
const SPELLINGS = new Map(Array.from(DECISIVE, (name) => [anyCase(name), name]));
const DECISIVE_CHARS_MAX = Math.max(...Array.from(DECISIVE, (name) => name.length));

const NO_FIELDS: Record<string, unknown> = Object.freeze(Object.create(null));

/** Reads what the endpoint's row says must be known of a request before it may go upstream. */
export async function readBody(
  call: Call,
  endpoint: Endpoint,
  limitBytes: number,
): Promise<ReadRequest> {
  if (call.contentLength !== null && call.contentLength > limitBytes) throw tooLarge(limitBytes);
  switch (endpoint.body) {
    case 'none':
      return unread({ kind: 'none' });
    case 'opaque':
      return unread(
        call.hasBody
          ? { kind: 'stream', head: [], rest: passingBody(call, limitBytes), grownBy: 0 }
          : { kind: 'none' },
      );
    case 'multipart':
      requireType(call, 'multipart/form-data');
      return readForm(call, limitBytes);
    case 'json':
      break;
  }
  requireType(call, 'application/json');
  return readJson(await readAll(call, limitBytes), endpoint);
}

const unread = (body: OutgoingBody): ReadRequest => ({
  asked: { model: '', fields: NO_FIELDS, bytes: 0 },
  body,
  renamed: () => body,
  hidesUsage: false,
});

/** Media types and the parameters they may have. No other encoding of text is understood here. */
const MEDIA_TYPES = {
  'application/json': /^(?:charset="?utf-8"?)$/i,
  'multipart/form-data': /^(?:charset="?utf-8"?|boundary=(?:"[^"]{1,70}"|[^"]{1,70}))$/i,
};

/** Blanks only around a semicolon, no parameter twice: what others read differently is refused. */
function requireType(call: Call, wanted: keyof typeof MEDIA_TYPES): void {
  const header = call.headers['content-type'];
  const [type, ...parameters] = (typeof header === 'string' ? header : '').split(/ *; */);
  const names = new Set(parameters.map((parameter) => parameter.split('=')[0]?.toLowerCase()));
  const isFine =
    type?.toLowerCase() === wanted &&
    names.size === parameters.length &&
    parameters.every((parameter) => MEDIA_TYPES[wanted].test(parameter));
  if (isFine) return;
  throw new GatewayError('unsupported_media_type', `This endpoint takes ${wanted} (UTF-8).`, {
    param: 'content-type',
  });
}

/** The whole body; rejects when it grows past the limit or the client leaves before its end. */
function readAll({ body }: Call, limitBytes: number): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let size = 0;
    const stop = () => {
      body.off('data', onData).off('end', onEnd).off('close', onClose).off('error', onClose);
    };
    const onData = (chunk: Buffer) => {
      size += chunk.length;
      chunks.push(chunk);
      if (size <= limitBytes) return;
      stop();
      body.pause();
      reject(tooLarge(limitBytes));
    };
    const onEnd = () => {
      stop();
      const [first] = chunks;
      resolve(chunks.length === 1 && first !== undefined ? first : Buffer.concat(chunks));
    };
    const onClose = (error?: unknown) => {
      stop();
      reject(leftEarly(error));
    };
    body.on('data', onData).on('end', onEnd).on('close', onClose).on('error', onClose);
  });
}

function readJson(bytes: Buffer, endpoint: Endpoint): ReadRequest {
  const { top, fields } = parseObject(bytes);
  requireOneReading(top);
  const model = endpoint.model === 'required' ? readModel(fields) : '';
  requireShapes(fields);
  const asked = { model, fields, bytes: bytes.length };
  const patch = usagePatch(endpoint, fields);
  const changes: Record<string, string> = patch === null ? {} : { stream_options: patch };
  const body = patch === null ? bytes : patchTopLevel(bytes, top, changes);
  return {
    asked,
    body: { kind: 'bytes', bytes: body },
    renamed: ({ upstream, set }) => ({
      kind: 'bytes',
      bytes: patchTopLevel(bytes, top, { ...changes, ...jsonTexts({ ...set, model: upstream }) }),
    }),
    hidesUsage: patch !== null,
  };
}

/** Some upstreams match names in any case, and the last one counts. */
function requireOneReading({ members, duplicates }: TopLevel): void {
  const twice = duplicates.find((key) => DECISIVE.has(key));
  if (twice !== undefined) throw invalid(`The field "${twice}" appears more than once.`, twice);
  for (const { key } of members) {
    if (key.length > DECISIVE_CHARS_MAX || DECISIVE.has(key)) continue;
    const name = SPELLINGS.get(anyCase(key));
    if (name !== undefined) throw invalid(`The field "${key}" must be spelled "${name}".`, key);
  }
}

const jsonTexts = (values: Record<string, unknown>): Record<string, string> =>
  Object.fromEntries(Object.entries(values).map(([name, value]) => [name, JSON.stringify(value)]));

function parseObject(bytes: Buffer): { top: TopLevel; fields: Record<string, unknown> } {
  if (bytes.length === 0) throw invalid('The request body is empty; a JSON object is expected.');
  if (bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf) {
    throw invalid('The request body starts with a byte order mark; send plain UTF-8.');
  }
  if (!isUtf8(bytes)) throw invalid('The request body is not valid UTF-8.');
  try {
    const top = scanTopLevel(bytes, JSON_LIMITS);
    const fields: unknown = JSON.parse(bytes.toString('utf8'));
    if (isObject(fields)) return { top, fields };
  } catch (error) {
    if (error instanceof JsonScanError) throw invalid(SCAN_MESSAGES[error.reason]);
    if (!(error instanceof SyntaxError)) throw error;
  }
  throw invalid(SCAN_MESSAGES.not_object);
}

/** What decides over money or form must have its documented type; all else is the upstream's to judge. */
function requireShapes(fields: Record<string, unknown>): void {
  const { stream, n, stream_options: options } = fields;
  if (stream !== undefined && stream !== null && typeof stream !== 'boolean') {
    throw invalid('"stream" must be true or false.', 'stream');
  }
  if (options !== undefined && options !== null && !isObject(options)) {
    throw invalid('"stream_options" must be an object.', 'stream_options');
  }
  requireWhole(n, 'n', CHOICES_MAX);
  for (const name of ['max_tokens', 'max_completion_tokens', 'max_output_tokens']) {
    requireWhole(fields[name], name, 1e9);
  }
}

function requireWhole(value: unknown, name: string, max: number): void {
  if (value === undefined || value === null) return;
  if (Number.isInteger(value) && Number(value) >= 1 && Number(value) <= max) return;
  throw invalid(`"${name}" must be a whole number from 1 to ${max}.`, name);
}

/** The new `stream_options`, or null when the client's own will do. */
function usagePatch(endpoint: Endpoint, fields: Record<string, unknown>): string | null {
  if (endpoint.tellsUsageOnRequest !== true || fields['stream'] !== true) return null;
  const options = isObject(fields['stream_options']) ? fields['stream_options'] : {};
  if (options['include_usage'] === true) return null;
  return JSON.stringify({ ...options, include_usage: true });
}
