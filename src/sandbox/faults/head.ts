import type { Step } from '../script.ts';
import { editHead } from './edit.ts';
import type { Fault } from './fault.ts';
import { lengthOf, rawHead, rawReply } from './raw.ts';

const fin: Step = { do: 'close', mode: 'fin' };

/** Faults in the status line and the headers. */
export const headFaults: readonly Fault[] = [
  {
    name: 'wrong-content-type',
    description: 'The right body under the wrong content type.',
    params: { type: { default: 'text/html', about: 'the type; empty for none' } },
    script: (steps, params) =>
      editHead(steps, ({ 'content-type': _type, ...headers }) =>
        params.text('type') === '' ? headers : { ...headers, 'content-type': params.text('type') },
      ),
  },
  {
    name: 'set-cookie',
    description: 'Cookies and other headers that a proxy must not hand on.',
    script: (steps) =>
      editHead(steps, (headers) => ({
        ...headers,
        'set-cookie': ['session=sandbox-canary; Path=/; HttpOnly', 'second=1'],
        'strict-transport-security': 'max-age=31536000',
        'alt-svc': 'h3=":443"',
        'access-control-allow-origin': '*',
      })),
  },
  {
    name: 'header',
    description: 'One more header.',
    params: {
      name: { default: 'x-sandbox-extra', about: 'its name' },
      value: { default: '1', about: 'its value' },
    },
    script: (steps, params) =>
      editHead(steps, (headers) => ({ ...headers, [params.text('name')]: params.text('value') })),
  },
  {
    name: 'huge-header',
    description: 'A head that is too large.',
    params: {
      bytes: { default: 20_000, about: 'size of each value' },
      count: { default: 1, about: 'number of such headers' },
    },
    script: (steps, params) => {
      const value = 'x'.repeat(params.number('bytes'));
      const names = Array.from({ length: params.number('count') }, (_, at) => `x-huge-${at}`);
      return editHead(steps, (headers) => ({
        ...headers,
        ...Object.fromEntries(names.map((name) => [name, value])),
      }));
    },
  },
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
    name: 'trailers',
    description: 'Trailer fields behind a chunked body.',
    script: (steps) =>
      editHead(steps, ({ 'content-length': _length, ...headers }) => ({
        ...headers,
        trailer: 'x-sandbox-trailer',
      })).map((step) =>
        step.do === 'end' ? { do: 'end', trailers: { 'x-sandbox-trailer': 'late' } } : step,
      ),
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
