import type { CloseMode, Step } from '../script.ts';
import type { Fault, Params } from './fault.ts';
import { chunk, rawReply } from './raw.ts';

const mode = { default: 'fin', about: 'how the connection is closed', oneOf: ['fin', 'rst'] };

const modeOf = (params: Params): CloseMode => (params.text('mode') === 'rst' ? 'rst' : 'fin');

const closing = (params: Params): Step => ({ do: 'close', mode: modeOf(params) });

/** The steps of the first `count` bytes of body; the last write is cut to fit. */
function firstBytes(steps: readonly Step[], count: number): Step[] {
  const kept: Step[] = [];
  let room = count;
  for (const step of steps) {
    if (step.do === 'end') break;
    if (step.do !== 'write') {
      kept.push(step);
      continue;
    }
    const bytes = Buffer.from(step.bytes);
    const isWhole = bytes.length <= room;
    if (room > 0) {
      const part = isWhole ? bytes : bytes.subarray(0, room);
      kept.push({ do: 'write', bytes: part, tellsUsage: isWhole && step.tellsUsage });
    }
    room -= bytes.length;
    if (room <= 0) break;
  }
  return kept;
}

/** Faults that break the connection. */
export const cutFaults: readonly Fault[] = [
  {
    name: 'close-before-head',
    description: 'The request is read and the connection closed without a byte.',
    params: { mode },
    script: (_steps, params) => [closing(params)],
  },
  {
    name: 'cut-after-bytes',
    description: 'The connection is closed after some bytes of the body.',
    params: { n: { default: 100, about: 'bytes of body' }, mode },
    script: (steps, params) => [...firstBytes(steps, params.number('n')), closing(params)],
  },
  {
    name: 'cut-after-chunks',
    description: 'The connection is closed after some writes of the body, between two events.',
    params: { n: { default: 3, about: 'writes' }, mode },
    script: (steps, params) => {
      const last = steps.filter((step) => step.do === 'write')[params.number('n')];
      const at = last === undefined ? steps.length : steps.indexOf(last);
      return [...steps.slice(0, at).filter((step) => step.do !== 'end'), closing(params)];
    },
  },
  {
    name: 'cut-mid-chunk',
    description: 'The connection is closed inside a chunk that announced more.',
    params: { after: { default: 2, about: 'whole chunks before it, if there are so many' }, mode },
    script: (steps, params) => {
      const writes = steps.filter((step) => step.do === 'write');
      const after = Math.min(params.number('after'), writes.length - 1);
      const broken = chunk(writes[after]?.bytes ?? 'x');
      const head = steps.filter((step) => step.do === 'head');
      const lines = ['transfer-encoding: chunked'];
      return [
        ...rawReply([...head, ...writes.slice(0, after)], { framing: 'chunked', lines }),
        { do: 'raw', bytes: broken.subarray(0, Math.floor(broken.length / 2)) },
        closing(params),
      ];
    },
  },
  {
    name: 'close-delimited-cut',
    description: 'A body without length, ended by closing, and closed too early.',
    params: { n: { default: 100, about: 'bytes of body' }, mode },
    script: (steps, params) => [
      ...rawReply(firstBytes(steps, params.number('n')), {
        framing: 'none',
        lines: ['connection: close'],
      }),
      closing(params),
    ],
  },
  {
    name: 'close-delimited',
    description: 'A whole body without length, ended by closing, as HTTP/1.0 did.',
    script: (steps) => [
      ...rawReply(steps, {
        framing: 'none',
        statusLine: 'HTTP/1.0 200 OK',
        lines: ['connection: close'],
      }),
      { do: 'close', mode: 'fin' },
    ],
  },
  {
    name: 'wrong-length',
    description: 'A content-length that is not that of the body; then the end.',
    params: { by: { default: 10, about: 'bytes too many (or, negative, too few) declared' } },
    script: (steps, params) => {
      const length = steps.reduce(
        (sum, step) => sum + (step.do === 'write' ? Buffer.byteLength(step.bytes) : 0),
        params.number('by'),
      );
      const lines = [`content-length: ${length}`];
      return [...rawReply(steps, { framing: 'none', lines }), { do: 'close', mode: 'fin' }];
    },
  },
  {
    name: 'bad-chunk',
    description: 'Chunked coding with a chunk size that is no number.',
    params: { after: { default: 2, about: 'good chunks before it' } },
    script: (steps, params) => {
      const writes = steps.filter((step) => step.do === 'write').slice(0, params.number('after'));
      const head = steps.filter((step) => step.do === 'head');
      const lines = ['transfer-encoding: chunked'];
      return [
        ...rawReply([...head, ...writes], { framing: 'chunked', lines }),
        { do: 'raw', bytes: Buffer.concat([Buffer.from('zz\r\n'), chunk('x')]) },
        { do: 'close', mode: 'fin' },
      ];
    },
  },
  {
    name: 'close-after-reply',
    description: 'A whole reply that promises keep-alive, then the connection is closed.',
    params: { ms: { default: 0, about: 'milliseconds after the end' }, mode },
    script: (steps, params) => [...steps, { do: 'wait', ms: params.number('ms') }, closing(params)],
  },
  {
    name: 'close-at-reuse',
    description: 'A whole reply; the next request on the connection closes it, unread and unseen.',
    params: { mode },
    script: (steps, params) => [...steps, { do: 'snare', mode: modeOf(params) }],
  },
];
