import { isPart } from './rule.ts';
import type { BoundAsked, Obstacles } from './rule.ts';

/** What is wrong with a field of this value; null: it changes no bound. */
type Judge = (value: unknown) => string | null;
export type KnownFields = ReadonlyMap<string, Judge>;

const SEARCHES = 'lets the upstream search at its own discretion';
export const KEPT = 'adds to the prompt what the upstream keeps';
const OTHER_MODELS = 'lets the upstream serve other models';
const LATER = 'has the answer, and its usage, told to another call';
const DEARER = 'may be billed above the listed price';
const UNKNOWN = 'is not known to leave the price as it is';

/** A client can name thousands; so many are told at most, and so much of each name. */
const UNKNOWN_MAX = 20;
const NAME_CHARS_MAX = 64;

const fine: Judge = () => null;
const never =
  (why: string): Judge =>
  () =>
    why;
const unlessFalse =
  (why: string): Judge =>
  (value) =>
    value === false ? null : why;

/** What OpenAI and others serve at the listed price, or below it. "auto" is what the account is set to. */
const LISTED_TIERS: ReadonlySet<unknown> = new Set(['default', 'flex', 'standard_only']);

/** Both are tokens of the output. Pictures are not, at some. */
const BOUNDED_MODALITIES: ReadonlySet<unknown> = new Set(['text', 'audio']);

/** Tools that the client itself runs. What an upstream runs costs by use, each round anew. */
const CLIENT_TOOLS: ReadonlySet<unknown> = new Set(['function', 'custom']);

/**
 * Functions that GigaChat runs itself when they are named, or any of them at "auto", which is the
 * default elsewhere (https://developers.sber.ru/docs/ru/gigachat/guides/functions/overview).
 */
const BUILT_IN_FUNCTIONS: ReadonlySet<unknown> = new Set([
  'text2image',
  'text2model3d',
  'get_file_content',
]);
const RUNS = 'has a function that the upstream runs';

/** How a model thinks. What it thinks is output; a budget of its own is counted beside the cap. */
const THINKING: ReadonlySet<string> = new Set([
  'type',
  'enabled',
  'effort',
  'exclude',
  'summary',
  'generate_summary',
  'context',
  'max_tokens',
  'budget_tokens',
]);

const judgeThinking: Judge = (value) => {
  if (!isPart(value)) return 'must be an object';
  // "pro" has the model think several times over.
  const { mode, ...rest } = value;
  const isListed = mode === undefined || mode === null || mode === 'standard';
  return isListed && Object.keys(rest).every((name) => THINKING.has(name)) ? null : DEARER;
};

const judgeTools: Judge = (value) => {
  const areClients =
    Array.isArray(value) && value.every((tool) => isPart(tool) && CLIENT_TOOLS.has(tool['type']));
  if (!areClients) return 'has a tool that the upstream runs';
  return value.every(isCachedAsListed) ? null : CACHED_LONG;
};

const isNamedBuiltIn = (value: unknown): boolean =>
  isPart(value) && BUILT_IN_FUNCTIONS.has(value['name']);

const judgeFunctions: Judge = (value) =>
  Array.isArray(value) && value.every((each) => isPart(each) && !isNamedBuiltIn(each))
    ? null
    : RUNS;

const judgeFunctionCall: Judge = (value) =>
  value === 'none' || (isPart(value) && !isNamedBuiltIn(value))
    ? null
    : 'lets some upstreams run functions of their own: leave it out';

export const CACHED_LONG = 'is cached for longer than the listed price covers';

/**
 * Anthropic's listed price of a write to the cache is for five minutes, an hour costs more
 * (https://docs.anthropic.com/en/docs/build-with-claude/prompt-caching).
 */
export function isCachedAsListed(part: Readonly<Record<string, unknown>>): boolean {
  const mark = part['cache_control'];
  return !isPart(mark) || mark['ttl'] === undefined || mark['ttl'] === '5m';
}

const all = (judge: Judge, names: string): [string, Judge][] =>
  names
    .trim()
    .split(/\s+/)
    .map((name) => [name, judge]);

/** Of every kind of call that makes text, at OpenAI and those who speak its API. */
const COMMON: [string, Judge][] = [
  ...all(
    fine,
    `model stream stream_options user temperature top_p seed stop
    max_tokens max_completion_tokens max_output_tokens
    presence_penalty frequency_penalty logit_bias logprobs top_logprobs
    top_k top_a min_p min_tokens repetition_penalty random_seed stop_token_ids ignore_eos
    metadata store safety_identifier prompt_cache_key prompt_cache_retention`,
  ),
  ['service_tier', (tier) => (LISTED_TIERS.has(tier) ? null : `${DEARER}: set it to "default"`)],
  ['models', never(OTHER_MODELS)],
  ['deferred', unlessFalse(LATER)],
  ['background', unlessFalse(LATER)],
];

const TALK: [string, Judge][] = [
  ...COMMON,
  ...all(fine, 'tool_choice parallel_tool_calls reasoning_effort'),
  ['tools', judgeTools],
  ['reasoning', judgeThinking],
  ['plugins', never(SEARCHES)],
];

/** https://platform.openai.com/docs/api-reference/chat/create and what others add to it. */
export const chatFields: KnownFields = new Map([
  ...TALK,
  ...all(
    fine,
    `messages n audio verbosity response_format
    include_reasoning reasoning_format usage disable_search search_domain_filter
    search_recency_filter update_interval profanity_check`,
  ),
  ['thinking', judgeThinking],
  ['functions', judgeFunctions],
  ['function_call', judgeFunctionCall],
  [
    'modalities',
    (value) =>
      Array.isArray(value) && value.every((each) => BOUNDED_MODALITIES.has(each))
        ? null
        : 'asks for more than text and sound',
  ],
  ['web_search_options', never(SEARCHES)],
  ['search_parameters', never(SEARCHES)],
  // Rejected tokens of it are billed beside a cap that cannot be set together with it.
  ['prediction', never('is billed beyond any cap')],
]);

/** https://platform.openai.com/docs/api-reference/completions/create */
export const completionFields: KnownFields = new Map([
  ...COMMON,
  ...all(fine, 'prompt suffix echo n best_of'),
]);

/**
 * https://platform.openai.com/docs/api-reference/responses/create: `include` shows what there is
 * anyway, `truncation` only shortens, `max_tool_calls` caps tools that are refused here.
 */
export const responsesFields: KnownFields = new Map([
  ...TALK,
  ...all(fine, 'input include truncation text max_tool_calls'),
  ['instructions', (value) => (typeof value === 'string' ? null : 'must be text')],
  ['previous_response_id', never(KEPT)],
  ['conversation', never(KEPT)],
  ['prompt', never(KEPT)],
  ['context_management', never(KEPT)],
]);

/** Nobody knows what a field does that is in no table: some are billed for. */
export function judgeFields(
  { fields }: BoundAsked,
  known: KnownFields,
  obstacles: Obstacles,
): void {
  let unknown = 0;
  for (const [name, value] of Object.entries(fields)) {
    if (value === undefined || value === null) continue;
    const judge = known.get(name);
    if (judge === undefined) {
      unknown += 1;
      if (unknown <= UNKNOWN_MAX) obstacles.set(name.slice(0, NAME_CHARS_MAX), UNKNOWN);
      continue;
    }
    const why = judge(value);
    if (why !== null) obstacles.set(name, why);
  }
}
