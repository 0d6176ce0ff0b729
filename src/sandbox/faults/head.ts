import type { HeaderTable } from '../script.ts';
import { editHead } from './edit.ts';
import type { Fault } from './fault.ts';

/** The table without the headers whose names begin so. */
const without = (headers: HeaderTable, prefix: string): HeaderTable =>
  Object.fromEntries(Object.entries(headers).filter(([name]) => !name.startsWith(prefix)));

/** Faults in the headers, all within the rules of HTTP. */
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
      name: { default: 'x-sandbox-extra', about: 'its name, in lower case' },
      value: { default: '1', about: 'its value' },
      place: {
        default: 'instead',
        about: 'of one that has the name already',
        oneOf: ['instead', 'beside'],
      },
    },
    script: (steps, params) =>
      editHead(steps, (headers) => {
        const name = params.text('name');
        const value = params.text('value');
        const others = params.text('place') === 'beside' ? [headers[name] ?? []].flat() : [];
        return { ...headers, [name]: others.length === 0 ? value : [...others, value] };
      }),
  },
  {
    name: 'without-header',
    description: 'No header whose name begins so.',
    params: { name: { default: 'x-ratelimit-', about: 'the beginning, in lower case' } },
    script: (steps, params) => editHead(steps, (headers) => without(headers, params.text('name'))),
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
];
