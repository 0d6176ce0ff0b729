import { encodingFor } from '../tokens/encoding-for.ts';
import { addMedium } from './media.ts';
import { PromptParts, isPart, partsOf } from './prompt.ts';
import type { Prompt } from './prompt.ts';
import { addTools } from './tools.ts';

/**
 * What frames a message, a name, and the answer that is to come
 * (https://cookbook.openai.com/examples/how_to_count_tokens_with_tiktoken, section 6).
 */
const PER_MESSAGE = 3;
const PER_NAME = 1;
const PER_ANSWER = 3;

type Fields = Readonly<Record<string, unknown>>;

/** The prompt of a chat: its messages, its tools, and the form its answer is to have. */
export function chatPrompt(model: string, fields: Fields): Prompt {
  const prompt = begun(model, fields['tools'] ?? fields['functions']);
  for (const message of partsOf(fields['messages'])) addMessage(prompt, message, model);
  const { response_format: format } = fields;
  if (isPart(format) && isPart(format['json_schema'])) addForm(prompt, format['json_schema']);
  return prompt;
}

/** The same of the Responses API. What the upstream keeps of earlier answers is not known here. */
export function responsesPrompt(model: string, fields: Fields): Prompt {
  const prompt = begun(model, fields['tools']);
  const { instructions, input, text } = fields;
  if (typeof instructions === 'string') {
    addMessage(prompt, { role: 'system', content: instructions }, model);
  }
  const items = typeof input === 'string' ? [{ role: 'user', content: input }] : partsOf(input);
  for (const item of items) addMessage(prompt, item, model);
  if (isPart(text) && isPart(text['format'])) addForm(prompt, text['format']);
  return prompt;
}

function begun(model: string, tools: unknown): PromptParts {
  const prompt = new PromptParts();
  prompt.tokens = PER_ANSWER;
  addTools(prompt, tools, encodingFor(model) === 'cl100k_base');
  return prompt;
}

/** A message of a chat, or an item of the Responses API: also one that calls a tool, or answers it. */
function addMessage(prompt: PromptParts, message: Fields, model: string): void {
  prompt.tokens += PER_MESSAGE;
  prompt.say(message['role']);
  addContent(prompt, message['content'] ?? message['output'] ?? message['summary'], model);
  prompt.say(message['refusal']);
  prompt.say(message['arguments']);
  if (typeof message['name'] === 'string') {
    prompt.tokens += PER_NAME;
    prompt.say(message['name']);
  }
  for (const call of partsOf(message['tool_calls'])) {
    const called = isPart(call['function']) ? call['function'] : call;
    prompt.tokens += PER_MESSAGE;
    prompt.say(called['name']);
    prompt.say(called['arguments']);
  }
}

function addContent(prompt: PromptParts, content: unknown, model: string): void {
  prompt.say(content);
  for (const part of partsOf(content)) {
    const text = part['text'] ?? part['refusal'];
    if (typeof text === 'string') prompt.say(text);
    else addMedium(prompt, part, model);
  }
}

function addForm(prompt: PromptParts, { schema }: Fields): void {
  if (isPart(schema)) prompt.say(JSON.stringify(schema));
}
