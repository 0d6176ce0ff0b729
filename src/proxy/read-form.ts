import { Busboy } from '@fastify/busboy';
import type { GatewayError } from '../errors/gateway-error.ts';
import type { Served } from '../pool/served.ts';
import type { Call } from './call.ts';
import { chunksOf, passingBody } from './passing-body.ts';
import type { BodyWatch, PassingBody } from './passing-body.ts';
import { invalid, leftEarly, readModel, tooLarge } from './read-request.ts';
import type { OutgoingBody, ReadRequest } from './read-request.ts';
import { renameModel } from './rename-form-model.ts';

const LIMITS = { fields: 100, files: 20, parts: 120, fieldNameSize: 200, fieldSize: 1024 * 1024 };

/** Fields that decide over the price: a second one could be another reader's first. */
const DECISIVE = new Set(['model', 'n']);

/** Smaller forms are read whole: they can be judged before anything is sent, and be sent again. */
const WHOLE_BYTES_MAX = 256 * 1024;

/**
 * Reads a form until its `model` is known, then leaves the rest to be streamed through. The bytes
 * read so far go upstream first, unchanged. Forms that put their files first are read to the end
 * of those, because neither price nor permission is known before the model.
 */
export async function readForm(call: Call, limitBytes: number): Promise<ReadRequest> {
  const type = String(call.headers['content-type']);
  const boundary = boundaryOf(type);
  const form = new FormWatch(type);
  const head: Buffer[] = [];
  let size = 0;
  try {
    for await (const chunk of chunksOf(call)) {
      size += chunk.length;
      if (size > limitBytes) throw tooLarge(limitBytes);
      head.push(chunk);
      form.write(chunk);
      if (size > WHOLE_BYTES_MAX && form.fields['model'] !== undefined) {
        const asked = {
          model: readModel(form.fields),
          fields: form.fields,
          bytes: call.contentLength ?? size,
        };
        const rest = passingBody(call, limitBytes - size, form);
        const body = { kind: 'stream', head, rest, grownBy: 0 } as const;
        const renamed = renamedStream({ head, rest, boundary }, asked.model);
        return { asked, body, renamed, hidesUsage: false };
      }
    }
  } catch (error) {
    throw call.body.readableAborted ? leftEarly(error) : error;
  }
  await form.end();
  const asked = { model: readModel(form.fields), fields: form.fields, bytes: size };
  const bytes = Buffer.concat(head);
  const renamed = ({ upstream }: Served): OutgoingBody => ({
    kind: 'bytes',
    bytes: renameModel(bytes, boundary, { model: asked.model, upstream }),
  });
  return { asked, body: { kind: 'bytes', bytes }, renamed, hidesUsage: false };
}

function boundaryOf(contentType: string): string {
  const found = /; *boundary=(?:"([^"]+)"|([^";]+))/i.exec(contentType);
  const boundary = found?.[1] ?? found?.[2];
  if (boundary !== undefined) return boundary;
  throw invalid('The form has no boundary in its content type.', 'content-type');
}

/** The model's name is in what was read of the form, or its rest would not be streamed yet. */
function renamedStream(
  { head, rest, boundary }: { head: Buffer[]; rest: PassingBody; boundary: string },
  model: string,
) {
  return ({ upstream }: Served): OutgoingBody => {
    const bytes = Buffer.concat(head);
    const renamed = renameModel(bytes, boundary, { model, upstream });
    return { kind: 'stream', head: [renamed], rest, grownBy: renamed.length - bytes.length };
  };
}

/**
 * Reads the text fields of a form that passes. Watches it to its end, because two models in one form
 * would let the upstream serve another one than we charge.
 */
class FormWatch implements BodyWatch {
  readonly fields: Record<string, unknown> = Object.create(null);
  readonly #parser: InstanceType<typeof Busboy>;
  readonly #over: Promise<unknown>;
  #mistake: GatewayError | undefined;

  constructor(contentType: string) {
    this.#parser = new Busboy({
      headers: { 'content-type': contentType },
      limits: LIMITS,
      // As upstreams do: a part is a file if it has a file's name, whatever type it claims.
      isPartAFile: (_field, _type, fileName) => fileName !== undefined,
    });
    this.#over = new Promise((resolve) => {
      this.#parser.once('finish', resolve).once('error', resolve);
    });
    this.#parser.on('error', () => this.#note(invalid('The form is malformed.')));
    this.#parser.on('field', (name, value: string) => {
      if (DECISIVE.has(name) && Object.hasOwn(this.fields, name)) {
        this.#note(invalid(`The field "${name}" appears more than once.`, name));
      }
      if (name === 'n' && !/^(?:[1-9]|[1-9]\d|1[01]\d|12[0-8])$/.test(value)) {
        this.#note(invalid('"n" must be a whole number from 1 to 128.', 'n'));
      }
      this.fields[name] = value;
    });
    this.#parser.on('file', (name, file) => {
      if (name === 'model') this.#note(invalid('The field "model" must be text.', 'model'));
      // The parser tells of the same mistake; unheard, a stream's error ends the process.
      file.on('error', () => undefined).resume();
    });
    for (const event of ['partsLimit', 'filesLimit', 'fieldsLimit'] as const) {
      this.#parser.on(event, () => this.#note(invalid('The form has too many parts.')));
    }
  }

  write(chunk: Buffer): void {
    this.#parser.write(chunk);
    this.#check();
  }

  /** Fields are told a moment after their bytes: only here all are known. */
  async end(): Promise<void> {
    this.#parser.end();
    await this.#over;
    this.#check();
  }

  #note(mistake: GatewayError): void {
    this.#mistake ??= mistake;
  }

  #check(): void {
    if (this.#mistake !== undefined) throw this.#mistake;
  }
}
