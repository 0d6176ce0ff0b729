import { isObject, type JsonObject } from './json.ts';
import type { IncomingMessage } from 'node:http';
import { ApiError } from './api-error.ts';

const BYTES_MAX = 256 * 1024 * 1024;

/** A body as far as it came; `isWhole` is false when the client left before its end. */
export interface ReadBody {
  bytes: Buffer;
  isWhole: boolean;
}

/** Reads the body to its end or to the client's leaving; throws 413 above 256 MiB. */
export function readBody(
  request: IncomingMessage,
  progressed?: (size: number) => void,
): Promise<ReadBody> {
  return new Promise((resolve, reject) => {
    const parts: Buffer[] = [];
    let size = 0;
    const settle = (isWhole: boolean): void => {
      const [first] = parts;
      const bytes = parts.length === 1 && first !== undefined ? first : Buffer.concat(parts);
      resolve({ bytes, isWhole });
    };
    request.on('data', (part: Buffer) => {
      size += part.length;
      progressed?.(size);
      if (size > BYTES_MAX) reject(new ApiError(413, 'The body is too large for the sandbox.'));
      else parts.push(part);
    });
    request.once('end', () => settle(true));
    request.once('close', () => settle(false));
    // A reset while reading; the close event follows.
    request.on('error', () => undefined);
  });
}

/** Parses a JSON object; throws 400. */
export function parseJson(bytes: Buffer): JsonObject {
  let value: unknown;
  try {
    value = JSON.parse(bytes.toString('utf8'));
  } catch {
    throw new ApiError(400, 'We could not parse the JSON body of your request.');
  }
  if (!isObject(value)) throw new ApiError(400, 'The JSON body must be an object.');
  return value;
}
