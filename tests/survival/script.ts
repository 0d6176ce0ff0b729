/** The first credential always refuses this model: the next one serves it. */
export const LIMITED_MODEL = 'gpt-4o';

/** What the client was told before the connection broke. */
export interface Seen {
  /** Ids of calls that were answered, if only by the head. */
  heads: string[];
  /** Ids of those that were answered to the end. */
  whole: Set<string>;
  /** Answers that no crash excuses. */
  odd: string[];
}

export const nothingSeen = (): Seen => ({ heads: [], whole: new Set(), odd: [] });

interface Step {
  path?: string;
  body?: Record<string, unknown>;
  headers?: Record<string, string>;
  /** The client leaves after the first bytes. */
  isAbandoned?: boolean;
}

const stream = { stream: true };
const long = { 'x-sandbox-chunks': '40', 'x-sandbox-pace-ms': '3' };

/** Calls in one row are under way together. */
const SCRIPT: readonly (readonly Step[])[] = [
  [{}],
  [{ body: stream }],
  [{}, { body: stream }, {}, { body: stream }],
  [{ body: { model: LIMITED_MODEL } }],
  [{ body: { model: LIMITED_MODEL, ...stream } }, {}],
  [{ body: stream, headers: long, isAbandoned: true }],
  [{ path: 'embeddings', body: { model: 'text-embedding-3-small', input: 'one two three' } }, {}],
];

interface Target {
  url: string;
  key: string;
  seen: Seen;
}

/** Makes the calls one row after the other; a server that is gone ends it early. */
export async function runScript(target: Target): Promise<void> {
  for (const steps of SCRIPT) await Promise.all(steps.map((step) => call(target, step)));
}

export async function call({ url, key, seen }: Target, step: Step = {}): Promise<number | null> {
  const leaving = new AbortController();
  try {
    const response = await fetch(`${url}/v1/${step.path ?? 'chat/completions'}`, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${key}`,
        'content-type': 'application/json',
        ...step.headers,
      },
      body: JSON.stringify(
        step.path === undefined
          ? {
              model: 'gpt-4o-mini',
              messages: [{ role: 'user', content: 'Hello there' }],
              ...step.body,
            }
          : step.body,
      ),
      signal: leaving.signal,
    });
    const id = response.headers.get('x-request-id') ?? '';
    if (response.status !== 200) {
      seen.odd.push(`${response.status}: ${await response.text()}`);
      return response.status;
    }
    seen.heads.push(id);
    if (step.isAbandoned === true) {
      await response.body?.getReader().read();
      leaving.abort();
      return response.status;
    }
    const text = await response.text();
    const isStream = step.body?.['stream'] === true;
    if (!isStream || text.endsWith('data: [DONE]\n\n')) seen.whole.add(id);
    return response.status;
  } catch {
    // The server is gone, and with it the connection.
    return null;
  }
}
