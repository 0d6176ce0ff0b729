import { isPart, partsOf } from './prompt.ts';
import type { PromptParts } from './prompt.ts';

/**
 * What frames the tools of a chat, measured by OpenAI
 * (https://cookbook.openai.com/examples/how_to_count_tokens_with_tiktoken, section 7).
 */
const PER_FUNCTION = 7;
const PER_FUNCTION_OLDER = 10;
const PER_PROPERTIES = 3;
const PER_PROPERTY = 3;
const PER_ENUM = -3;
const PER_ENUM_VALUE = 3;
const PER_TOOLS = 12;

/** Tools as chat names them, or the Responses API; those that are no functions count as their JSON. */
export function addTools(prompt: PromptParts, tools: unknown, isOlder: boolean): void {
  const all = partsOf(tools);
  for (const tool of all) {
    const fn = isPart(tool['function']) ? tool['function'] : tool;
    if (typeof fn['name'] !== 'string') {
      prompt.say(JSON.stringify(tool));
      continue;
    }
    prompt.tokens += isOlder ? PER_FUNCTION_OLDER : PER_FUNCTION;
    prompt.say(`${fn['name']}:${sentenceOf(fn)}`);
    addSchema(prompt, fn['parameters']);
  }
  if (all.length > 0) prompt.tokens += PER_TOOLS;
}

/** The properties of an object, and of what is in them. */
function addSchema(prompt: PromptParts, schema: unknown): void {
  if (!isPart(schema)) return;
  addSchema(prompt, schema['items']);
  const properties = isPart(schema['properties']) ? Object.entries(schema['properties']) : [];
  if (properties.length > 0) prompt.tokens += PER_PROPERTIES;
  for (const [name, property] of properties) {
    if (!isPart(property)) continue;
    prompt.tokens += PER_PROPERTY;
    const values = property['enum'];
    if (Array.isArray(values)) {
      prompt.tokens += PER_ENUM + values.length * PER_ENUM_VALUE;
      for (const value of values) prompt.say(String(value));
    }
    prompt.say(`${name}:${typeOf(property)}:${sentenceOf(property)}`);
    addSchema(prompt, property);
  }
}

const typeOf = ({ type }: Readonly<Record<string, unknown>>): string =>
  typeof type === 'string' ? type : '';

const sentenceOf = ({ description }: Readonly<Record<string, unknown>>): string =>
  typeof description === 'string' ? description.replace(/\.$/, '') : '';
