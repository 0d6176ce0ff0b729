export interface RawRequest {
  /** Replaces the whole first line. */
  line?: string;
  method?: string;
  path?: string;
  /** Over the usual ones; a list repeats the header, null leaves a usual one out. */
  headers?: Record<string, string | number | readonly string[] | null>;
  /** What is sent behind the head; its length is declared unless `headers` say otherwise. */
  body?: string | Buffer;
}

/** The bytes of a request, unchecked and unescaped: the head as latin1, a text behind it as UTF-8. */
export function rawRequest({ line, method, path, headers = {}, body = '' }: RawRequest): Buffer {
  const bytes = typeof body === 'string' ? Buffer.from(body) : body;
  const hasCoding = Object.keys(headers).some((name) => name.toLowerCase() === 'transfer-encoding');
  const fields: NonNullable<RawRequest['headers']> = {
    host: 'gateway',
    ...(bytes.length === 0 || hasCoding ? {} : { 'content-length': bytes.length }),
    ...headers,
  };
  const lines = Object.entries(fields).flatMap(([name, value]) =>
    value === null ? [] : [value].flat().map((each) => `${name}: ${each}`),
  );
  const first = line ?? `${method ?? 'POST'} ${path ?? '/v1/chat/completions'} HTTP/1.1`;
  const head = `${[first, ...lines].join('\r\n')}\r\n\r\n`;
  return Buffer.concat([Buffer.from(head, 'latin1'), bytes]);
}

/** A chat call as JSON with the key of a caller. */
export function rawChat(
  key: string,
  fields: object = {},
  headers: RawRequest['headers'] = {},
): Buffer {
  const messages = [{ role: 'user', content: 'Hello' }];
  return rawRequest({
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json', ...headers },
    body: JSON.stringify({ model: 'gpt-4o-mini', messages, ...fields }),
  });
}

/** A body in chunks of `size` bytes, with the last one (RFC 9112 §7.1). */
export function inChunks(body: string | Buffer, size: number): Buffer {
  const bytes = Buffer.from(body);
  const pieces: (string | Buffer)[] = [];
  for (let at = 0; at < bytes.length; at += size) {
    const piece = bytes.subarray(at, at + size);
    pieces.push(`${piece.length.toString(16)}\r\n`, piece, '\r\n');
  }
  return Buffer.concat([...pieces, '0\r\n\r\n'].map((piece) => Buffer.from(piece)));
}
