import { bill, type Call, type Endpoint } from '../call.ts';
import { draftOf, draftText } from '../draft.ts';
import { wholeNumber } from '../fields.ts';
import { modelFor } from '../models.ts';
import { readPrompt } from '../prompt.ts';
import { countMessage, countTokens, responsesUsage, unitsOf } from '../tokens.ts';
import { chooseTool, toolArguments } from '../tools.ts';
import { finalResponse, type ResponseDraft } from './response-object.ts';
import { responseEvents } from './responses-stream.ts';

export const responses: Endpoint = {
  method: 'POST',
  path: '/v1/responses',
  body: 'json',
  isMetered: true,
  answer(call) {
    const model = modelFor('chat', call.json['model'], call.account.models);
    const input = call.json['input'];
    const items = typeof input === 'string' ? [{ role: 'user', content: input }] : input;
    const prompt = readPrompt(items, 'input');
    const range = { min: 1, max: 1_000_000, fallback: Number.POSITIVE_INFINITY };
    const outputMax = wholeNumber(call.json, 'max_output_tokens', range);
    const isAnsweringTool = prompt.lastRole === 'function_call_output';
    const tool = isAnsweringTool ? null : chooseTool(call.json, prompt.lastUserText);
    const draft =
      tool === null
        ? draftText(call, prompt.text, 0, outputMax)
        : draftOf(call, toolArguments(tool, prompt.text), outputMax);
    const units = unitsOf(prompt.tokens + extraTokens(call), draft.tokens, call.controls.usage);
    const usage = responsesUsage(units);
    const made: ResponseDraft = { call, draft, tool, usage };
    return {
      status: 200,
      headers: {},
      body: call.isStream
        ? { kind: 'events', events: responseEvents(made) }
        : { kind: 'json', value: { ...finalResponse(made) } },
      ...bill(model, units, usage),
    };
  },
};

function extraTokens(call: Call): number {
  const { instructions, tools } = call.json;
  const told = typeof instructions === 'string' ? countMessage(instructions, 0) : 0;
  return told + (Array.isArray(tools) ? countTokens(JSON.stringify(tools)) : 0);
}
