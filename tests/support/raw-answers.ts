/** One HTTP/1.1 answer as it was on the wire. */
export interface RawAnswer {
  status: number;
  /** Names in lower case; of a repeated one the last. */
  headers: Map<string, string>;
  /** Without its framing, as latin1. */
  body: string;
}

/** The whole answers at the beginning of a text, in order, interim ones (1xx) included. */
export function answersIn(text: string): RawAnswer[] {
  const answers: RawAnswer[] = [];
  for (let rest = text; rest !== '';) {
    const headEnd = rest.indexOf('\r\n\r\n');
    if (headEnd === -1) break;
    const [first = '', ...lines] = rest.slice(0, headEnd).split('\r\n');
    const status = /^HTTP\/1\.[01] (\d{3})(?: |$)/.exec(first)?.[1];
    if (status === undefined) throw new Error(`No HTTP answer: ${rest.slice(0, 200)}`);
    const headers = new Map(lines.map(fieldOf));
    const found = bodyIn(rest.slice(headEnd + 4), headers);
    if (found === null) break;
    answers.push({ status: Number(status), headers, body: found.body });
    rest = found.rest;
  }
  return answers;
}

function fieldOf(line: string): [name: string, value: string] {
  const colon = line.indexOf(':');
  return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()];
}

interface FoundBody {
  body: string;
  rest: string;
}

/** Null when its end is not there yet. Without a length there is none: all answers of ours have one. */
function bodyIn(text: string, headers: Map<string, string>): FoundBody | null {
  if (headers.get('transfer-encoding') === 'chunked') return chunksIn(text);
  const length = Number(headers.get('content-length') ?? 0);
  return text.length < length ? null : { body: text.slice(0, length), rest: text.slice(length) };
}

/** Chunks up to the last one, which is empty; trailers are dropped (RFC 9112 §7.1). */
function chunksIn(text: string): FoundBody | null {
  let body = '';
  for (let at = 0; ;) {
    const lineEnd = text.indexOf('\r\n', at);
    if (lineEnd === -1) return null;
    const size = Number.parseInt(text.slice(at, lineEnd), 16);
    if (size === 0) {
      const end = text.indexOf('\r\n\r\n', lineEnd);
      return end === -1 ? null : { body, rest: text.slice(end + 4) };
    }
    body += text.slice(lineEnd + 2, lineEnd + 2 + size);
    at = lineEnd + 2 + size + 2;
    if (at > text.length || Number.isNaN(size)) return null;
  }
}
