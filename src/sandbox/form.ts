import { Busboy } from '@fastify/busboy';
import type { IncomingHttpHeaders } from 'node:http';
import { ApiError } from './api-error.ts';

export interface UploadedFile {
  name: string;
  contentType: string;
  bytes: Buffer;
}

export interface Form {
  fields: Record<string, string>;
  files: Record<string, UploadedFile>;
}

export const emptyForm: Form = { fields: {}, files: {} };

/** Parses a multipart body (RFC 7578); of a repeated name the last wins. Throws ApiError 400. */
export function parseForm(headers: IncomingHttpHeaders, body: Buffer): Promise<Form> {
  const contentType = headers['content-type'] ?? '';
  if (!contentType.startsWith('multipart/form-data')) {
    throw new ApiError(400, 'The body must be multipart/form-data.');
  }
  const form: Form = { fields: {}, files: {} };
  return new Promise((resolve, reject) => {
    const refuse = (error: unknown): void =>
      reject(new ApiError(400, `The multipart body cannot be read: ${String(error)}`));
    try {
      const parser = new Busboy({ headers: { ...headers, 'content-type': contentType } });
      parser.on('field', (name, value) => {
        form.fields[name] = value;
      });
      parser.on('file', (...part) => {
        const [name, stream, filename, , mimeType] = part;
        const parts: Buffer[] = [];
        stream.on('data', (bytes: Buffer) => parts.push(bytes));
        stream.on('error', refuse);
        stream.on('end', () => {
          form.files[name] = {
            name: filename,
            contentType: mimeType,
            bytes: Buffer.concat(parts),
          };
        });
      });
      parser.on('finish', () => resolve(form));
      parser.on('error', refuse);
      parser.end(body);
    } catch (error) {
      refuse(error);
    }
  });
}

/** A part that must be a file; throws 400. */
export function requireFile(form: Form, name: string): UploadedFile {
  const file = form.files[name];
  if (file === undefined) {
    throw new ApiError(400, `'${name}' must be an uploaded file.`, { param: name });
  }
  return file;
}
