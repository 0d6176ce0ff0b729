import type { Step } from '../script.ts';
import type { Fault } from './fault.ts';
import { rawReply } from './raw.ts';

/** Steps up to and including the `count`-th write; all steps but the end if there are fewer. */
function throughWrite(steps: readonly Step[], count: number): Step[] {
  const kept: Step[] = [];
  let writes = 0;
  for (const step of steps) {
    if (step.do === 'end' || (step.do === 'write' && writes >= count)) break;
    kept.push(step);
    if (step.do === 'write') writes += 1;
  }
  return kept;
}

/** Faults of time: late, slow, or never. */
export const timingFaults: readonly Fault[] = [
  {
    name: 'delay-head',
    description: 'Nothing for a while, then the whole reply.',
    params: { ms: { default: 1000, about: 'milliseconds before the head' } },
    script: (steps, params) => [{ do: 'wait', ms: params.number('ms') }, ...steps],
  },
  {
    name: 'delay-chunk',
    description: 'A pause before every write of the body.',
    params: { ms: { default: 100, about: 'milliseconds before each' } },
    script: (steps, params) =>
      steps.flatMap((step): Step[] =>
        step.do === 'write' ? [{ do: 'wait', ms: params.number('ms') }, step] : [step],
      ),
  },
  {
    name: 'drip-head',
    description: 'The head one byte at a time.',
    params: { ms: { default: 20, about: 'milliseconds between two bytes' } },
    script: (steps, params) => {
      const [head, ...rest] = rawReply(steps, { framing: 'none', lines: ['connection: close'] });
      if (head?.do !== 'raw') return [...rest];
      const drips = [...Buffer.from(head.bytes)].flatMap((byte): Step[] => [
        { do: 'raw', bytes: Buffer.from([byte]) },
        { do: 'wait', ms: params.number('ms') },
      ]);
      return [...drips, ...rest, { do: 'close', mode: 'fin' }];
    },
  },
  {
    name: 'never-answer',
    description: 'The request is read and nothing is ever said.',
    script: () => [{ do: 'hold' }],
  },
  {
    name: 'stall-after-head',
    description: 'The head, then silence.',
    script: (steps) => [...throughWrite(steps, 0), { do: 'hold' }],
  },
  {
    name: 'stall-after-chunks',
    description: 'Some writes of the body, then silence.',
    params: { n: { default: 3, about: 'writes before the stall' } },
    script: (steps, params) => [...throughWrite(steps, params.number('n')), { do: 'hold' }],
  },
  {
    name: 'keep-open-after-done',
    description: 'The whole body, but the reply never ends.',
    script: (steps) => [...steps.filter((step) => step.do !== 'end'), { do: 'hold' }],
  },
  {
    name: 'heartbeats-forever',
    description: 'The head, then comments for ever and no content.',
    params: { ms: { default: 100, about: 'milliseconds between two' } },
    script: (steps, params) => [
      ...throughWrite(steps, 0),
      { do: 'repeat', bytes: ': heartbeat\n\n', ms: params.number('ms') },
    ],
  },
  {
    name: 'endless-stream',
    description: 'A stream that repeats its second event for ever.',
    params: { ms: { default: 10, about: 'milliseconds between two' } },
    script: (steps, params) => {
      const [first, second] = steps.filter((step) => step.do === 'write');
      const bytes = (second ?? first)?.bytes ?? ' ';
      return [
        ...throughWrite(steps, 1),
        { do: 'repeat', bytes: bytes.toString(), ms: params.number('ms') },
      ];
    },
  },
];
