/** A request as the tour makes it and as a person can repeat it: one description for both. */
export interface ShownRequest {
  method?: 'GET' | 'POST' | 'PUT';
  /** With a variable of the tour in front, such as `$TOLLGATE/v1/models`. */
  url: string;
  /** Values may name variables too. */
  headers?: Record<string, string>;
  body?: unknown;
  /** Shows the answer while it comes. */
  isStream?: boolean;
}

/** What `$NAME` stands for in commands. */
export type Variables = Readonly<Record<string, string>>;

const filledIn = (text: string, variables: Variables): string =>
  text.replaceAll(/\$([A-Z]+)/g, (whole, name: string) => variables[name] ?? whole);

/** The request as a command for a POSIX shell that has the variables. */
export function asCurl({
  method = 'POST',
  url,
  headers = {},
  body,
  isStream,
}: ShownRequest): string {
  const words = [
    `curl -s${isStream === true ? 'N' : ''} ${method === 'POST' ? '' : `-X ${method} `}${url}`,
  ];
  for (const [name, value] of Object.entries(headersOf({ headers, body }))) {
    words.push(`-H ${value.includes('$') ? `"${name}: ${value}"` : `'${name}: ${value}'`}`);
  }
  if (body !== undefined) words.push(`-d ${quoted(JSON.stringify(body))}`);
  return words.join(' \\\n  ');
}

export async function send(
  request: ShownRequest,
  variables: Variables,
  signal: AbortSignal,
): Promise<Response> {
  const { method = 'POST', url, body } = request;
  const headers = Object.entries(headersOf(request)).map(([name, value]): [string, string] => [
    name,
    filledIn(value, variables),
  ]);
  return await fetch(filledIn(url, variables), {
    method,
    headers,
    signal,
    ...(body === undefined ? {} : { body: filledIn(JSON.stringify(body), variables) }),
  });
}

/** One word of a shell, in which variables stand for what they are. */
const quoted = (text: string): string =>
  `'${text.replaceAll("'", String.raw`'\''`).replaceAll(/\$[A-Z]+/g, `'"$&"'`)}'`;

const headersOf = ({ headers = {}, body }: Pick<ShownRequest, 'headers' | 'body'>) => ({
  ...headers,
  ...(body === undefined ? {} : { 'content-type': 'application/json' }),
});
