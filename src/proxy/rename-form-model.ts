import { invalid } from './read-request.ts';

/** Head of the part that holds the model's name (RFC 7578 §4.2), up to its value. */
const MODEL_PART =
  /(?:^|\r\n)content-disposition: *form-data;[^\r\n]*\bname=(?:"model"|model(?=[;\r]))[^\r\n]*\r\n(?:[^\r\n]+\r\n)*\r\n/i;

/**
 * A form with another model in it; all other bytes stay as they are.
 * @throws GatewayError when the model stands where only a more lenient reader finds it
 */
export function renameModel(form: Buffer, model: string, upstream: string): Buffer {
  // Bytes as characters, so that positions are the same.
  const text = form.toString('latin1');
  const part = MODEL_PART.exec(text);
  const start = part === null ? -1 : part.index + part[0].length;
  if (start === -1 || !text.startsWith(`${model}\r\n--`, start)) {
    throw invalid('The form\'s field "model" cannot be read.', 'model');
  }
  const end = start + model.length;
  return Buffer.concat([form.subarray(0, start), Buffer.from(upstream), form.subarray(end)]);
}
