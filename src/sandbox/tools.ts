import { isObject, type JsonObject } from './json.ts';
import { instanceOf } from './draft.ts';
import { hashText } from './text.ts';

export interface Tool {
  name: string;
  parameters: unknown;
}

/** The functions offered, in the nested form of chat or the flat form of the Responses API. */
export function readTools(body: JsonObject): Tool[] {
  if (!Array.isArray(body['tools'])) return [];
  return body['tools'].flatMap((tool: unknown) => {
    if (!isObject(tool)) return [];
    const inner = isObject(tool['function']) ? tool['function'] : tool;
    const name = inner['name'];
    return typeof name === 'string' ? [{ name, parameters: inner['parameters'] }] : [];
  });
}

/**
 * The tool that is called: the one `tool_choice` names, the first when it says 'required', else the
 * one whose name the last user message mentions; none when 'none' or when nothing fits.
 */
export function chooseTool(body: JsonObject, lastUserText: string): Tool | null {
  const tools = readTools(body);
  const choice = body['tool_choice'];
  if (choice === 'none') return null;
  if (choice === 'required') return tools[0] ?? null;
  if (isObject(choice)) {
    const inner = isObject(choice['function']) ? choice['function'] : choice;
    return tools.find((tool) => tool.name === inner['name']) ?? null;
  }
  return tools.find((tool) => lastUserText.includes(tool.name)) ?? null;
}

/** Arguments as JSON text: deterministic, one value per property of the schema. */
export function toolArguments(tool: Tool, prompt: string): string {
  const value = instanceOf(tool.parameters, hashText(prompt));
  return JSON.stringify(isObject(value) ? value : {});
}
