import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib';
import type { Step } from '../script.ts';
import { bodyOf, editHead, setBody } from './edit.ts';
import type { Fault } from './fault.ts';

const COMPRESSORS = new Map([
  ['gzip', gzipSync],
  ['deflate', deflateSync],
  ['br', brotliCompressSync],
]);

/** Rewrites the text of each event of a stream; other bodies stay. */
function editStreamText(steps: readonly Step[], edit: (text: string) => string): Step[] {
  const isStream = steps.some(
    (step) =>
      step.do === 'head' && String(step.headers['content-type']).startsWith('text/event-stream'),
  );
  if (!isStream) return [...steps];
  return steps.map((step) =>
    step.do === 'write' ? { ...step, bytes: edit(step.bytes.toString()) } : step,
  );
}

/** How a stream may be written differently and still mean the same (WHATWG HTML, 9.2.6). */
const DIALECTS = new Map<string, (text: string) => string>([
  ['no-space', (text) => text.replace(/^data: /gm, 'data:')],
  ['fields', (text) => text.replace(/^data: /m, 'id: 7\nretry: 1000\nevent: message\ndata: ')],
  ['cr', (text) => text.replaceAll('\n', '\r')],
  ['mixed', (text) => text.replace('\n', '\r\n')],
]);

/** Faults in the bytes of the body; its meaning stays, where the name does not say otherwise. */
export const byteFaults: readonly Fault[] = [
  {
    name: 'invalid-utf8',
    description: 'A byte sequence that is not UTF-8 inside the first text of the body.',
    script: (steps) => {
      const index = steps.findIndex((step) => step.do === 'write');
      const step = steps[index];
      if (step?.do !== 'write') return [...steps];
      const text = Buffer.from(step.bytes);
      const at = Math.max(0, text.lastIndexOf('"'));
      const bytes = Buffer.concat([
        text.subarray(0, at),
        Buffer.from([0xc3, 0x28]),
        text.subarray(at),
      ]);
      const edited: Step[] = [...steps];
      edited[index] = { ...step, bytes };
      return editHead(edited, (headers) =>
        headers['content-length'] === undefined
          ? headers
          : { ...headers, 'content-length': String(Number(headers['content-length']) + 2) },
      );
    },
  },
  {
    name: 'crlf-events',
    description: 'Events whose lines end in CRLF.',
    script: (steps) => editStreamText(steps, (text) => text.replaceAll('\n', '\r\n')),
  },
  {
    name: 'dialect',
    description: 'Events in another spelling that every parser must accept.',
    params: { kind: { default: 'no-space', about: 'the spelling', oneOf: [...DIALECTS.keys()] } },
    script: (steps, params) => {
      const edit = DIALECTS.get(params.text('kind'));
      return edit === undefined ? [...steps] : editStreamText(steps, edit);
    },
  },
  {
    name: 'byte-order-mark',
    description: 'A stream that begins with a byte order mark.',
    script: (steps) => {
      let isFirst = true;
      return editStreamText(steps, (text) => {
        const marked = isFirst ? `\u{feff}${text}` : text;
        isFirst = false;
        return marked;
      });
    },
  },
  {
    name: 'one-byte-chunks',
    description: 'Every byte of the body as a chunk of its own.',
    script: (steps) =>
      editHead(steps, ({ 'content-length': _length, ...headers }) => headers).flatMap(
        (step): Step[] => {
          if (step.do !== 'write') return [step];
          const bytes = Buffer.from(step.bytes);
          return Array.from(bytes, (_, index) => ({
            do: 'write',
            bytes: bytes.subarray(index, index + 1),
            tellsUsage: step.tellsUsage && index === bytes.length - 1,
            isAlone: true,
          }));
        },
      ),
  },
  {
    name: 'gzip',
    description: 'A compressed body, whether or not it was asked for.',
    params: {
      coding: { default: 'gzip', about: 'the coding', oneOf: [...COMPRESSORS.keys()] },
      layers: { default: 1, about: 'times it is compressed' },
    },
    script: (steps, params) => {
      const coding = params.text('coding');
      const compress = COMPRESSORS.get(coding);
      if (compress === undefined) return [...steps];
      const layers = params.number('layers');
      let bytes: Buffer = bodyOf(steps);
      for (let layer = 0; layer < layers; layer += 1) bytes = compress(bytes);
      return editHead(setBody(steps, bytes), (headers) => ({
        ...headers,
        'content-encoding': Array.from({ length: layers }, () => coding).join(', '),
      }));
    },
  },
  {
    name: 'gzip-bomb',
    description: 'A small compressed body that grows to the given size.',
    params: { bytes: { default: 100_000_000, about: 'size once unpacked' } },
    script: (steps, params) =>
      editHead(setBody(steps, gzipSync(Buffer.alloc(params.number('bytes'), ' '))), (headers) => ({
        ...headers,
        'content-encoding': 'gzip',
      })),
  },
];
