import { STATUS_CODES } from 'node:http';
import type { HeaderTable, Step } from '../script.ts';
import { bodyOf } from './edit.ts';

interface RawShape {
  /** The whole first line; the usual one when absent. */
  statusLine?: string;
  /** Header lines exactly as they go out, besides those of the reply itself. */
  lines?: readonly string[];
  lineEnd?: string;
  /** How the body is framed; `none` sends the bytes as they are and leaves length to `lines`. */
  framing: 'none' | 'chunked';
}

/** The head as bytes, without any length of its own. */
export function rawHead(steps: readonly Step[], shape: RawShape): string {
  const head = steps.find((step) => step.do === 'head');
  const status = head?.status ?? 200;
  const lineEnd = shape.lineEnd ?? '\r\n';
  const lines = [
    shape.statusLine ?? `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? 'Unknown'}`,
    ...headerLines(head?.headers ?? {}),
    ...(shape.lines ?? []),
  ];
  return lines.join(lineEnd) + lineEnd + lineEnd;
}

/** Steps that send head and body past HTTP framing; how the connection ends is the caller's. */
export function rawReply(steps: readonly Step[], shape: RawShape): Step[] {
  const head = steps.find((step) => step.do === 'head');
  const raw: Step[] = [{ do: 'raw', bytes: rawHead(steps, shape), status: head?.status ?? 200 }];
  for (const step of steps) {
    if (step.do === 'write') {
      const bytes = shape.framing === 'chunked' ? chunk(step.bytes) : step.bytes;
      raw.push({ do: 'raw', bytes, tellsUsage: step.tellsUsage });
    } else if (step.do !== 'head' && step.do !== 'end') {
      raw.push(step);
    }
  }
  return raw;
}

/** One chunk of the chunked transfer coding (RFC 9112 §7.1). */
export function chunk(bytes: string | Buffer): Buffer {
  const size = Buffer.byteLength(bytes).toString(16);
  return Buffer.concat([Buffer.from(`${size}\r\n`), Buffer.from(bytes), Buffer.from('\r\n')]);
}

/** The body's length in bytes. */
export function lengthOf(steps: readonly Step[]): number {
  return bodyOf(steps).length;
}

function headerLines(headers: HeaderTable): string[] {
  return Object.entries(headers).flatMap(([name, value]) =>
    name === 'content-length' ? [] : [value].flat().map((each) => `${name}: ${each}`),
  );
}
