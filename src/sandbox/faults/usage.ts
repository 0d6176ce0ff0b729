import { isObject } from '../json.ts';
import { payloadOf, withPayload } from '../sse.ts';
import { editEvents, replaceUsage } from './edit.ts';
import type { Fault } from './fault.ts';

const BAD_VALUES = new Map<string, unknown>([
  ['negative', -5],
  ['float', 1.5],
  ['string', '12'],
  ['huge', 1e18],
  ['null', null],
]);

/** Every number in a usage object, however deep, replaced. */
function spoil(value: unknown, bad: unknown): unknown {
  if (typeof value === 'number') return bad;
  if (!isObject(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, spoil(each, bad)]));
}

/** Faults in what the reply says of its usage; the call still costs what it honestly used. */
export const usageFaults: readonly Fault[] = [
  {
    name: 'no-usage',
    description: 'No usage, even where it was asked for.',
    answer: (answer) => replaceUsage(answer, null),
  },
  {
    name: 'usage-twice',
    description: 'The usage event of a stream, twice.',
    answer: (answer) =>
      editEvents(answer, (events) =>
        events.flatMap((event) => (event.role === 'usage' ? [event, event] : [event])),
      ),
  },
  {
    name: 'usage-every-chunk',
    description: 'The final usage on every content chunk of a stream as well.',
    answer: (answer) =>
      editEvents(answer, (events) =>
        events.map((event) => {
          const payload = event.role === 'content' ? payloadOf(event) : null;
          return payload === null ? event : withPayload(event, { ...payload, usage: answer.usage });
        }),
      ),
  },
  {
    name: 'usage-bad',
    description: 'Usage whose numbers are none.',
    params: {
      kind: { default: 'negative', about: 'what they become', oneOf: [...BAD_VALUES.keys()] },
    },
    answer: (answer, params) => {
      const spoiled = spoil(answer.usage, BAD_VALUES.get(params.text('kind')) ?? null);
      return isObject(spoiled) ? replaceUsage(answer, spoiled) : answer;
    },
  },
];
