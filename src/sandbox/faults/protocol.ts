import type { Step } from '../script.ts';
import type { Fault } from './fault.ts';
import { lengthOf, rawHead, rawReply } from './raw.ts';

const fin: Step = { do: 'close', mode: 'fin' };

/** Breaches of HTTP itself: in the status line, in the form of the head, in who speaks when. */
export const protocolFaults: readonly Fault[] = [
  {
    name: 'bad-status-line',
    description: 'A first line that is not HTTP; then the end.',
    params: { line: { default: 'HTTP/1.1 2OO OK', about: 'the line' } },
    script: (steps, params) => [
      ...rawReply(steps, {
        framing: 'none',
        statusLine: params.text('line'),
        lines: [`content-length: ${lengthOf(steps)}`],
      }),
      fin,
    ],
  },
  {
    name: 'no-head',
    description: 'The body without any head, as HTTP/0.9 did.',
    script: (steps) => [...rawReply(steps, { framing: 'none' }).slice(1), fin],
  },
  {
    name: 'bare-lf',
    description: 'A head whose lines end in LF alone.',
    script: (steps) => {
      const lines = [`content-length: ${lengthOf(steps)}`];
      return [...rawReply(steps, { framing: 'none', lineEnd: '\n', lines }), fin];
    },
  },
  {
    name: 'duplicate-content-length',
    description: 'Two content-length headers that differ.',
    script: (steps) => {
      const length = lengthOf(steps);
      const lines = [`content-length: ${length}`, `content-length: ${length + 1}`];
      return [...rawReply(steps, { framing: 'none', lines }), fin];
    },
  },
  {
    name: 'length-and-chunked',
    description: 'A content-length beside chunked coding.',
    script: (steps) => {
      const lines = [`content-length: ${lengthOf(steps)}`, 'transfer-encoding: chunked'];
      return [
        ...rawReply(steps, { framing: 'chunked', lines }),
        { do: 'raw', bytes: '0\r\n\r\n' },
        fin,
      ];
    },
  },
  {
    name: 'informational',
    description: 'Interim replies before the real one.',
    params: {
      code: { default: 103, about: 'their status' },
      count: { default: 3, about: 'how many' },
    },
    script: (steps, params) => {
      const interim = `HTTP/1.1 ${params.number('code')} Interim\r\nx-interim: 1\r\n\r\n`;
      return [{ do: 'raw', bytes: interim.repeat(params.number('count')) }, ...steps];
    },
  },
  {
    name: 'raw-header',
    description: 'One more line in the head, sent byte by byte as given; then the end.',
    params: {
      line: { default: 'x-odd: caf\u00e9', about: 'the line; its characters go as latin1' },
    },
    script: (steps, params) => {
      const lines = [params.text('line'), `content-length: ${lengthOf(steps)}`];
      const [head, ...rest] = rawReply(steps, { framing: 'none', lines });
      if (head?.do !== 'raw') return [...steps];
      return [{ ...head, bytes: Buffer.from(head.bytes.toString(), 'latin1') }, ...rest, fin];
    },
  },
  {
    name: 'switch-protocols',
    description: 'A 101 that nobody asked for, then silence.',
    params: { to: { default: 'websocket', about: 'the protocol' } },
    answer: (answer) => ({ ...answer, usage: null, metered: null, costNano: 0n }),
    script: (_steps, params) => {
      const lines = ['connection: upgrade', `upgrade: ${params.text('to')}`];
      const statusLine = 'HTTP/1.1 101 Switching Protocols';
      const bytes = rawHead([], { framing: 'none', statusLine, lines });
      return [{ do: 'raw', bytes, status: 101 }, { do: 'hold' }];
    },
  },
  {
    name: 'endless-head',
    description: 'A head that grows byte by byte and never ends.',
    params: { ms: { default: 1000, about: 'milliseconds between two bytes' } },
    script: (steps, params) => [
      { do: 'raw', bytes: `${rawHead(steps, { framing: 'none' }).trimEnd()}\r\nx-drip: ` },
      { do: 'repeat', bytes: 'x', ms: params.number('ms'), isRaw: true },
    ],
  },
  {
    name: 'late-second-response',
    description: 'A second reply on the same connection that nobody asked for.',
    params: { ms: { default: 0, about: 'milliseconds after the first' } },
    script: (steps, params) => {
      const body = '{"object":"sandbox.poison"}';
      const lines = ['content-type: application/json', `content-length: ${body.length}`];
      const head = rawHead([], { framing: 'none', lines });
      return [...steps, { do: 'wait', ms: params.number('ms') }, { do: 'raw', bytes: head + body }];
    },
  },
];
