import { invalid } from './read-request.ts';

/** Lines of a part's head (RFC 7578 §4.2) but for where the part is named, which is said once. */
const OTHER_LINES = /(?:(?!content-disposition)[^\s][^\r\n]*\r\n)*/;
const MODEL_LINE = /content-disposition: *form-data; *name=("?)(?<name>model)\1\r\n/;
const MODEL_HEAD = new RegExp(
  `${OTHER_LINES.source}${MODEL_LINE.source}${OTHER_LINES.source}\r\n`,
  'iy',
);

/**
 * A form with another model in it; all other bytes stay as they are. A part is where the boundary says,
 * and its name what no reader can take for another: else the upstream would find a model that was
 * not renamed.
 * @throws GatewayError when the model stands where only a more lenient reader finds it
 */
export function renameModel(
  form: Buffer,
  boundary: string,
  { model, upstream }: { model: string; upstream: string },
): Buffer {
  // Bytes as characters, so that positions are the same.
  const text = form.toString('latin1');
  const start = valueStart(text, boundary);
  if (start === -1 || !text.startsWith(`${model}\r\n--${boundary}`, start)) {
    throw invalid('The form\'s field "model" cannot be read.', 'model');
  }
  const end = start + model.length;
  return Buffer.concat([form.subarray(0, start), Buffer.from(upstream), form.subarray(end)]);
}

/** Where the value of the part called `model` begins; -1 when there is none. */
function valueStart(text: string, boundary: string): number {
  const delimiter = `--${boundary}\r\n`;
  for (let at = text.indexOf(delimiter); at !== -1; at = text.indexOf(delimiter, at + 1)) {
    if (at !== 0 && !text.startsWith('\r\n', at - 2)) continue;
    MODEL_HEAD.lastIndex = at + delimiter.length;
    // Headers are read in any case, names of fields are not.
    if (MODEL_HEAD.exec(text)?.groups?.['name'] === 'model') return MODEL_HEAD.lastIndex;
  }
  return -1;
}
