import { PromptTally, isPart } from './prompt-tally.ts';
import { countOf } from './rule.ts';
import type { BoundAsked, BoundRule, Obstacles } from './rule.ts';

/** Accepted by every chat model still served: the smallest limits are 4,096. */
const OUTPUT_CAP_DEFAULT = 4096;
/** What OpenAI and vLLM take where a call of legacy completions names no cap. */
const COMPLETION_CAP_DEFAULT = 16;

const SEARCHES = 'lets the upstream search at its own discretion';
const KEPT = 'adds to the prompt what the upstream keeps';
const OTHER_MODELS = 'lets the upstream serve other models';

/** Fields that make a call cost what its body does not tell. */
const unboundedChat: Readonly<Record<string, string>> = {
  web_search_options: SEARCHES,
  search_parameters: SEARCHES,
  plugins: SEARCHES,
  models: OTHER_MODELS,
  // Rejected tokens of it are billed beside a cap that cannot be set together with it.
  prediction: 'is billed beyond any cap',
};

const unboundedResponses: Readonly<Record<string, string>> = {
  previous_response_id: KEPT,
  conversation: KEPT,
  prompt: KEPT,
  context_management: KEPT,
  models: OTHER_MODELS,
};

/** Models that search and think in as many steps as they like, or bill what others did. */
const UNBOUNDED_MODEL =
  /deep-research|search-preview|search-api|pro-search|compound|:online$|^openrouter\/(?:auto|fusion)/i;

/**
 * Items of a response's input that are text, as one without a type is. Others stand for what the
 * upstream keeps, or made.
 */
const TEXT_ITEMS = new Set([
  'message',
  'function_call',
  'function_call_output',
  'custom_tool_call',
  'custom_tool_call_output',
  'reasoning',
]);

/** Tools that the client itself runs. What an upstream runs costs by use, each round anew. */
const CLIENT_TOOLS = new Set(['function', 'custom']);

export const chatBound: BoundRule = {
  // Known to every compatible server, which `max_completion_tokens` is not.
  capNames: ['max_tokens'],
  capDefault: OUTPUT_CAP_DEFAULT,
  isByTokens: true,
  ceiling(asked, cap, obstacles) {
    lookForUnbounded(asked, unboundedChat, obstacles);
    const tally = new PromptTally(obstacles);
    for (const message of partsOf(asked, 'messages', obstacles)) {
      tally.message(message['content'], 'messages');
      if (isPart(message['audio'])) obstacles.set('messages', KEPT);
    }
    return {
      prompt: tally.tokens(asked.bytes),
      hasAudio: tally.hasAudio,
      output: cap * countOf(asked.fields, 'n', obstacles),
      requests: 1,
    };
  },
};

/** Several prompts in one call are each completed `n` times, and `best_of` times behind the scenes. */
export const completionBound: BoundRule = {
  ...chatBound,
  capDefault: COMPLETION_CAP_DEFAULT,
  ceiling(asked, cap, obstacles) {
    lookForUnbounded(asked, unboundedChat, obstacles);
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
    lookForUnbounded(asked, unboundedResponses, obstacles);
    const tally = new PromptTally(obstacles);
    if (typeof asked.fields['input'] !== 'string') {
      for (const item of partsOf(asked, 'input', obstacles)) {
        if (!isTextItem(item['type'])) obstacles.set('input', 'has an item that is not text');
        tally.message(item['content'] ?? item['output'], 'input');
      }
    }
    return {
      prompt: tally.tokens(asked.bytes),
      hasAudio: tally.hasAudio,
      output: cap,
      requests: 1,
    };
  },
};

const isTextItem = (type: unknown): boolean =>
  type === undefined || (typeof type === 'string' && TEXT_ITEMS.has(type));

function partsOf({ fields }: BoundAsked, name: string, obstacles: Obstacles) {
  const list = fields[name];
  if (!Array.isArray(list) || !list.every(isPart)) {
    obstacles.set(name, 'must be a list of objects');
    return [];
  }
  return list;
}

function lookForUnbounded(
  { fields, model }: BoundAsked,
  unbounded: Readonly<Record<string, string>>,
  obstacles: Obstacles,
): void {
  if (UNBOUNDED_MODEL.test(model)) obstacles.set('model', 'bills more than its caller asked for');
  for (const [name, why] of Object.entries(unbounded)) {
    if (fields[name] !== undefined && fields[name] !== null) obstacles.set(name, why);
  }
  const tools = fields['tools'] ?? [];
  const areClients =
    Array.isArray(tools) &&
    tools.every((tool) => isPart(tool) && CLIENT_TOOLS.has(String(tool['type'])));
  if (!areClients) obstacles.set('tools', 'has a tool that the upstream runs');
}
