import {
  KEPT,
  chatFields,
  completionFields,
  judgeFields,
  responsesFields,
} from './known-fields.ts';
import type { KnownFields } from './known-fields.ts';
import { PromptTally } from './prompt-tally.ts';
import { countOf, isPart } from './rule.ts';
import type { BoundAsked, BoundRule, Obstacles } from './rule.ts';

/** Accepted by every chat model still served: the smallest limits are 4,096. */
const OUTPUT_CAP_DEFAULT = 4096;
/** What OpenAI and vLLM take where a call of legacy completions names no cap. */
const COMPLETION_CAP_DEFAULT = 16;

type Part = Record<string, unknown>;

/** Models that search and think in as many steps as they like, or bill what others did. */
const UNBOUNDED_MODEL =
  /deep-research|search-preview|search-api|pro-search|compound|:online$|^openrouter\/(?:auto|fusion)/i;

/**
 * Items of a response's input that are text. Others stand for what the upstream keeps, or made, as
 * one with nothing but an `id` does.
 */
const TEXT_ITEMS: ReadonlyMap<unknown, (item: Part) => boolean> = new Map([
  ['message', hasText('role')],
  ['function_call', hasText('call_id')],
  ['function_call_output', hasText('call_id')],
  ['custom_tool_call', hasText('call_id')],
  ['custom_tool_call_output', hasText('call_id')],
  // Without it, the upstream takes the thoughts that it keeps under the item's id.
  ['reasoning', hasText('encrypted_content')],
]);

/** Members of a message that stand for nothing but their bytes. */
const MESSAGE_MEMBERS = new Set([
  'role',
  'content',
  'name',
  'refusal',
  'tool_calls',
  'tool_call_id',
  'function_call',
  'annotations',
  'parsed',
  'reasoning',
  'reasoning_content',
  'reasoning_details',
  'prefix',
]);

export const chatBound: BoundRule = {
  // Known to every compatible server, which `max_completion_tokens` is not.
  capNames: ['max_tokens'],
  capDefault: OUTPUT_CAP_DEFAULT,
  isByTokens: true,
  ceiling(asked, cap, obstacles) {
    lookForUnbounded(asked, chatFields, obstacles);
    const tally = new PromptTally(obstacles);
    for (const message of partsOf(asked, 'messages', obstacles)) {
      tally.message(message['content'], 'messages');
      if (hasStored(message)) obstacles.set('messages', KEPT);
    }
    return {
      prompt: tally.tokens(asked.bytes),
      hasAudio: tally.hasAudio,
      output: (cap + thoughtsIn(asked, obstacles)) * countOf(asked.fields, 'n', obstacles),
      requests: 1,
    };
  },
};

/** Several prompts in one call are each completed `n` times, and `best_of` times behind the scenes. */
export const completionBound: BoundRule = {
  ...chatBound,
  capDefault: COMPLETION_CAP_DEFAULT,
  ceiling(asked, cap, obstacles) {
    lookForUnbounded(asked, completionFields, obstacles);
    const { fields } = asked;
    const choices = countOf(fields, 'n', obstacles);
    const drafts = countOf(fields, 'best_of', obstacles, choices);
    return {
      prompt: new PromptTally(obstacles).tokens(asked.bytes),
      hasAudio: false,
      output: cap * Math.max(choices, drafts) * promptsIn(fields['prompt']),
      requests: 1,
    };
  },
};

/** A list is several prompts, except one of numbers: these are the tokens of one. */
function promptsIn(prompt: unknown): number {
  if (!Array.isArray(prompt) || prompt.every((each) => typeof each === 'number')) return 1;
  return prompt.length;
}

export const responsesBound: BoundRule = {
  ...chatBound,
  capNames: ['max_output_tokens'],
  ceiling(asked, cap, obstacles) {
    lookForUnbounded(asked, responsesFields, obstacles);
    const tally = new PromptTally(obstacles);
    if (typeof asked.fields['input'] !== 'string') {
      for (const item of partsOf(asked, 'input', obstacles)) {
        if (!isTextItem(item)) obstacles.set('input', 'has an item that is not text');
        tally.message(item['content'], 'input');
        if (item['output'] !== undefined) tally.message(item['output'], 'input');
      }
    }
    return {
      prompt: tally.tokens(asked.bytes),
      hasAudio: tally.hasAudio,
      output: cap + thoughtsIn(asked, obstacles),
      requests: 1,
    };
  },
};

const isTextItem = (item: Part): boolean =>
  TEXT_ITEMS.get(item['type'] ?? 'message')?.(item) ?? false;

function hasText(member: string): (item: Part) => boolean {
  return (item) => typeof item[member] === 'string' && item[member] !== '';
}

/** Sound, files and states that a message may name are kept by the upstream. */
const hasStored = (message: Part): boolean =>
  Object.entries(message).some(
    ([name, value]) => value !== undefined && value !== null && !MESSAGE_MEMBERS.has(name),
  );

function partsOf({ fields }: BoundAsked, name: string, obstacles: Obstacles) {
  const list = fields[name];
  if (!Array.isArray(list) || !list.every(isPart)) {
    obstacles.set(name, 'must be a list of objects');
    return [];
  }
  return list;
}

function lookForUnbounded(asked: BoundAsked, known: KnownFields, obstacles: Obstacles): void {
  if (UNBOUNDED_MODEL.test(asked.model)) {
    obstacles.set('model', 'bills more than its caller asked for');
  }
  judgeFields(asked, known, obstacles);
}

/** Where thoughts have a budget of their own, some upstreams add it to the cap. */
function thoughtsIn({ fields }: BoundAsked, obstacles: Obstacles): number {
  const most = (name: string, member: string): number => {
    const told = isPart(fields[name]) ? fields[name][member] : null;
    if (told === undefined || told === null) return 0;
    if (typeof told === 'number' && Number.isSafeInteger(told) && told >= 0) return told;
    obstacles.set(name, 'has a budget that is no whole number');
    return 0;
  };
  return (
    most('reasoning', 'max_tokens') +
    most('reasoning', 'budget_tokens') +
    most('thinking', 'max_tokens') +
    most('thinking', 'budget_tokens')
  );
}
