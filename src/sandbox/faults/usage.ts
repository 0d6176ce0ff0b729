import { isObject } from '../json.ts';
import { payloadOf, withPayload, type SseEvent } from '../sse.ts';
import { editEvents, editNumbers, replaceUsage } from './edit.ts';
import type { Fault, Params } from './fault.ts';

const BAD_VALUES = new Map<string, unknown>([
  ['negative', -5],
  ['float', 1.5],
  ['string', '12'],
  ['huge', 1e18],
  ['null', null],
]);

/** How often-told usage goes: the final one every time, or up to it. */
const kind = { default: 'same', about: 'what is told before the end', oneOf: ['same', 'growing'] };

/** The part of a usage that is told at the `step`-th of `steps` times. */
function usageAt(usage: object | null, step: number, { params, steps }: Telling): unknown {
  if (params.text('kind') === 'same') return usage;
  const part = editNumbers(usage, (number) => Math.floor((number * step) / steps));
  if (!isObject(part) || part['total_tokens'] === undefined) return part;
  // Rounded each for itself, the parts would not sum up to their total.
  const counts = [part['prompt_tokens'] ?? part['input_tokens']];
  counts.push(part['completion_tokens'] ?? part['output_tokens']);
  return {
    ...part,
    total_tokens: counts.reduce<number>((sum, each) => sum + Number(each ?? 0), 0),
  };
}

interface Telling {
  params: Params;
  /** Times in all. */
  steps: number;
}

/** The event that tells a usage, telling another. */
function retold(event: SseEvent, usage: unknown): SseEvent {
  const payload = payloadOf(event);
  if (payload === null) return event;
  const { response } = payload;
  const told = isObject(response) ? { response: { ...response, usage } } : { usage };
  return withPayload(event, { ...payload, ...told });
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
    params: { kind },
    answer: (answer, params) =>
      editEvents(answer, (events) =>
        events.flatMap((event) => {
          if (event.role !== 'usage') return [event];
          return [retold(event, usageAt(answer.usage, 1, { params, steps: 2 })), event];
        }),
      ),
  },
  {
    name: 'usage-every-chunk',
    description: 'Usage on every content chunk of a stream as well.',
    params: { kind },
    answer: (answer, params) =>
      editEvents(answer, (events) => {
        const steps = events.filter((event) => event.role === 'content').length;
        let step = 0;
        return events.map((event) => {
          const payload = event.role === 'content' ? payloadOf(event) : null;
          if (payload === null) return event;
          step += 1;
          const usage = usageAt(answer.usage, step, { params, steps });
          return withPayload(event, { ...payload, usage });
        });
      }),
  },
  {
    name: 'usage-bad',
    description: 'Usage whose numbers are none.',
    params: {
      kind: { default: 'negative', about: 'what they become', oneOf: [...BAD_VALUES.keys()] },
    },
    answer: (answer, params) => {
      const bad = BAD_VALUES.get(params.text('kind'));
      const spoiled = editNumbers(answer.usage, () => bad);
      return isObject(spoiled) ? replaceUsage(answer, spoiled) : answer;
    },
  },
];
