import { isObject, type JsonObject } from '../json.ts';
import { editHead, editPayloads } from './edit.ts';
import type { Fault } from './fault.ts';

/** What takes the place of a list that a client looks for; undefined leaves it out. */
const NO_LIST = new Map<string, unknown>([
  ['missing', undefined],
  ['null', null],
  ['empty', []],
]);

function spoilLists(value: JsonObject, instead: unknown): JsonObject {
  const names = ['choices', 'data', 'output'].filter((name) => name in value);
  const spoiled = names.map((name) => [name, instead] as const);
  return { ...value, ...Object.fromEntries(spoiled) };
}

/** A chat choice that says its text as a refusal. */
function refuse(choice: unknown): unknown {
  if (!isObject(choice)) return choice;
  const { message, delta } = choice;
  if (isObject(message)) {
    return { ...choice, message: { ...message, content: null, refusal: message['content'] } };
  }
  if (!isObject(delta) || typeof delta['content'] !== 'string') return choice;
  const { content, ...rest } = delta;
  return { ...choice, delta: { ...rest, refusal: content } };
}

/** The same object said at another time, wherever it tells one. */
function redate(value: JsonObject, seconds: number): JsonObject {
  const dates = ['created', 'created_at'].filter((name) => name in value);
  const inner = isObject(value['response']) ? { response: redate(value['response'], seconds) } : {};
  return { ...value, ...inner, ...Object.fromEntries(dates.map((name) => [name, seconds])) };
}

/** Faults in what the reply says, or in whether it is a stream at all. */
export const saidFaults: readonly Fault[] = [
  {
    name: 'json-for-stream',
    description: 'A plain JSON answer though a stream was asked for.',
    isStream: false,
  },
  {
    name: 'stream-for-json',
    description: 'A stream though a plain answer was asked for.',
    isStream: true,
  },
  {
    name: 'wrong-shape',
    description: 'Valid JSON of the wrong shape: no choices, data or output.',
    params: {
      kind: { default: 'missing', about: 'what they are instead', oneOf: [...NO_LIST.keys()] },
    },
    answer: (answer, params) => {
      const instead = NO_LIST.get(params.text('kind'));
      return editPayloads(answer, (value) => spoilLists(value, instead), 'content');
    },
  },
  {
    name: 'other-model',
    description: 'A reply that names another model than was asked.',
    params: { model: { default: 'sandbox-other', about: 'the name' } },
    answer: (answer, params) =>
      editPayloads(answer, (value) =>
        'model' in value ? { ...value, model: params.text('model') } : value,
      ),
  },
  {
    name: 'other-clock',
    description: 'A reply dated by a clock that is wrong, in its Date header and in its body.',
    params: { at: { default: 0, about: 'what it shows, in seconds since 1970' } },
    answer: (answer, params) => editPayloads(answer, (value) => redate(value, params.number('at'))),
    script: (steps, params) => {
      const date = new Date(params.number('at') * 1000).toUTCString();
      return editHead(steps, (headers) => ({ ...headers, date }));
    },
  },
  {
    name: 'refusal',
    description: 'A chat answer that says its text as a refusal.',
    answer: (answer) =>
      editPayloads(answer, (value) =>
        Array.isArray(value['choices'])
          ? { ...value, choices: value['choices'].map(refuse) }
          : value,
      ),
  },
];
