import type { Answer } from './answer.ts';

export type HeaderTable = Record<string, string | string[]>;

export type CloseMode = 'fin' | 'rst';

/**
 * A reply as a list of things to do on the wire, in order. Faults of the second kind rewrite it.
 * `isAlone` sends a write before the next one is made, so that the two are never merged;
 * `raw` bypasses HTTP framing; `hold` waits until the client leaves; `repeat` writes forever;
 * `snare`, behind the end, closes the connection at its next byte, which nobody reads.
 */
export type Step =
  | { do: 'wait'; ms: number }
  | { do: 'head'; status: number; headers: HeaderTable }
  | { do: 'write'; bytes: string | Buffer; tellsUsage: boolean; isAlone?: true }
  | { do: 'end'; trailers?: Record<string, string> }
  | { do: 'raw'; bytes: string | Buffer; status?: number; tellsUsage?: boolean }
  | { do: 'repeat'; bytes: string; ms: number; isRaw?: true }
  | { do: 'hold' }
  | { do: 'snare'; mode: CloseMode }
  | { do: 'close'; mode: CloseMode };

/** The faultless script of an answer; `paceMs` is the pause between two events of a stream. */
export function scriptOf(answer: Answer, headers: HeaderTable, paceMs: number): Step[] {
  const { body, status } = answer;
  const tellsUsage = answer.usage !== null;
  if (body.kind === 'events') {
    const steps: Step[] = [
      {
        do: 'head',
        status,
        headers: {
          'content-type': 'text/event-stream; charset=utf-8',
          'cache-control': 'no-cache',
          ...headers,
          ...answer.headers,
        },
      },
    ];
    for (const event of body.events) {
      if (paceMs > 0) steps.push({ do: 'wait', ms: paceMs });
      steps.push({
        do: 'write',
        bytes: event.text,
        tellsUsage: tellsUsage && event.role === 'usage',
      });
    }
    steps.push({ do: 'end' });
    return steps;
  }
  const bytes = body.kind === 'json' ? JSON.stringify(body.value) : body.bytes;
  const contentType = body.kind === 'json' ? 'application/json' : body.contentType;
  const length = String(Buffer.byteLength(bytes));
  return [
    {
      do: 'head',
      status,
      headers: {
        'content-type': contentType,
        'content-length': length,
        ...headers,
        ...answer.headers,
      },
    },
    { do: 'write', bytes, tellsUsage },
    { do: 'end' },
  ];
}
