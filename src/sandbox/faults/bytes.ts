import type { Step } from '../script.ts';
import { bodyOf, editHead, setBody, withLength } from './edit.ts';
import type { Fault } from './fault.ts';

function isOfType(steps: readonly Step[], type: string): boolean {
  return steps.some(
    (step) => step.do === 'head' && String(step.headers['content-type']).startsWith(type),
  );
}

const said = (bytes: string | Buffer): Step => ({ do: 'write', bytes, tellsUsage: false });

const editWrites = (steps: readonly Step[], edit: (text: string) => string): Step[] =>
  steps.map((step) =>
    step.do === 'write' ? { ...step, bytes: edit(step.bytes.toString()) } : step,
  );

/** Rewrites the text of each event of a stream; other bodies stay. */
function editStreamText(steps: readonly Step[], edit: (text: string) => string): Step[] {
  return isOfType(steps, 'text/event-stream') ? editWrites(steps, edit) : [...steps];
}

/** The same for JSON as well, with a length that fits. */
function editText(steps: readonly Step[], edit: (text: string) => string): Step[] {
  if (!isOfType(steps, 'application/json')) return editStreamText(steps, edit);
  const edited = editWrites(steps, edit);
  return withLength(edited, bodyOf(edited).length);
}

/** What is put before a text; the halves of `split-pair` take turns. */
const FOREIGN = new Map<string, readonly [string, string]>([
  ['utf8', ['\u00e9\u6f22\u{1f600}', '\u00e9\u6f22\u{1f600}']],
  ['escaped', ['\\u00e9\\u6f22\\ud83d\\ude00', '\\u00e9\\u6f22\\ud83d\\ude00']],
  ['split-pair', ['\\ud83d', '\\ude00']],
]);

/** The beginning of what a model said, in a message or in a piece of one. */
const TEXT_START = /"(?:content|text|delta)":"(?=[^"])/g;

/** One piece of a padding; all pieces share it, so that no padding takes more room than this. */
const PADDING = Buffer.alloc(64 * 1024, 'x');

/** How a stream may be written differently and still mean the same (WHATWG HTML, 9.2.6). */
const DIALECTS = new Map<string, (text: string) => string>([
  ['no-space', (text) => text.replace(/^data: /gm, 'data:')],
  ['fields', (text) => text.replace(/^data: /m, 'id: 7\nretry: 1000\nevent: message\ndata: ')],
  ['cr', (text) => text.replaceAll('\n', '\r')],
  ['mixed', (text) => text.replace('\n', '\r\n')],
  // JSON may have a line end between two fields; no text of ours has a comma before its end.
  ['multi-line', (text) => text.replace(',"', ',\ndata: "')],
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
      return withLength(edited, bodyOf(edited).length);
    },
  },
  {
    name: 'foreign-text',
    description: 'Letters beyond ASCII at the beginning of every text.',
    params: {
      kind: {
        default: 'utf8',
        about: 'how they are written, split-pair as halves in two events',
        oneOf: [...FOREIGN.keys()],
      },
    },
    script: (steps, params) => {
      const [odd, even] = FOREIGN.get(params.text('kind')) ?? ['', ''];
      let count = 0;
      return editText(steps, (text) =>
        text.replaceAll(TEXT_START, (start) => {
          count += 1;
          return start + (count % 2 === 1 ? odd : even);
        }),
      );
    },
  },
  {
    name: 'big-json',
    description: 'A plain JSON answer padded by the given size, which is held in memory nowhere.',
    params: { bytes: { default: 10_000_000, about: 'size of the padding' } },
    script: (steps, params) => {
      if (!isOfType(steps, 'application/json')) return [...steps];
      const body = bodyOf(steps);
      const size = params.number('bytes');
      const open = '{"padding":"';
      const close = '",';
      const padding = Array.from({ length: Math.ceil(size / PADDING.length) }, (_, at) =>
        said(PADDING.subarray(0, size - at * PADDING.length)),
      );
      const [head, ...rest] = setBody(steps, body.subarray(1));
      if (head === undefined) return [...steps];
      const length = open.length + size + close.length + body.length - 1;
      return withLength([head, said(open), ...padding, said(close), ...rest], length);
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
];
