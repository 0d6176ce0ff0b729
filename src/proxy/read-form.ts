import { Busboy } from '@fastify/busboy';
import type { Call } from './call.ts';
import { invalid, leftEarly, readModel, tooLarge } from './read-body.ts';
import type { ReadRequest } from './read-body.ts';

const LIMITS = { fields: 100, files: 20, parts: 120, fieldNameSize: 200, fieldSize: 1024 * 1024 };

/**
 * Reads a form until its `model` is known, then leaves the rest to be streamed through. The bytes
 * read so far go upstream first, unchanged. Forms that put their files first are read to the end
 * of those, because neither price nor permission is known before the model.
 */
export async function readForm(call: Call, limitBytes: number): Promise<ReadRequest> {
  const fields: Record<string, unknown> = Object.create(null);
  const mistakes: string[] = [];
  const parser = openParser(call, fields, mistakes);
  const head: Buffer[] = [];
  let size = 0;
  let isWhole = true;
  const source = call.body.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>;
  try {
    for await (const chunk of source) {
      size += chunk.length;
      if (size > limitBytes) throw tooLarge(limitBytes);
      head.push(chunk);
      parser.write(chunk);
      if (mistakes.length > 0) throw invalid(mistakes.join(' '));
      if (fields['model'] !== undefined) {
        isWhole = false;
        break;
      }
    }
  } catch (error) {
    throw call.body.readableAborted ? leftEarly(error) : error;
  } finally {
    parser.destroy();
  }
  const asked = { model: readModel(fields), fields, bytes: call.contentLength ?? size };
  if (isWhole)
    return { asked, body: { kind: 'bytes', bytes: Buffer.concat(head) }, hidesUsage: false };
  return { asked, body: { kind: 'stream', head, rest: call.body }, hidesUsage: false };
}

function openParser(call: Call, fields: Record<string, unknown>, mistakes: string[]) {
  const type = call.headers['content-type'];
  const boundary = typeof type === 'string' ? /boundary=/i.test(type) : false;
  if (!boundary) throw invalid('The form has no boundary in its content type.', 'content-type');
  const parser = new Busboy({ headers: { 'content-type': String(type) }, limits: LIMITS });
  parser.on('field', (name: string, value: string) => {
    if (Object.hasOwn(fields, name) && name === 'model') {
      mistakes.push('The field "model" appears more than once.');
    }
    fields[name] = value;
  });
  parser.on('file', (_name, file) => file.resume());
  for (const event of ['partsLimit', 'filesLimit', 'fieldsLimit'] as const) {
    parser.on(event, () => mistakes.push('The form has too many parts.'));
  }
  parser.on('error', () => mistakes.push('The form is malformed.'));
  return parser;
}
