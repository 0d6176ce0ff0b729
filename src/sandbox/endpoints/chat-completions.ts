import { isObject, type JsonObject } from '../json.ts';
import type { Answer } from '../answer.ts';
import { bill, type Call, type Endpoint } from '../call.ts';
import { draftOf, draftText, instanceOf, type Draft } from '../draft.ts';
import { wholeNumber } from '../fields.ts';
import { modelFor } from '../models.ts';
import { readPrompt, type Prompt } from '../prompt.ts';
import { hashText } from '../text.ts';
import { completionUsage, countTokens, unitsOf } from '../tokens.ts';
import { chooseTool, toolArguments } from '../tools.ts';
import { chatEvents, logprobsOf, type Choice } from './chat-stream.ts';

export const chatCompletions: Endpoint = {
  method: 'POST',
  path: '/v1/chat/completions',
  body: 'json',
  isMetered: true,
  answer(call) {
    const model = modelFor('chat', call.json['model'], call.account.models);
    const prompt = readPrompt(call.json['messages'], 'messages');
    const choices = composeChoices(call, prompt);
    const tools = Array.isArray(call.json['tools'])
      ? countTokens(JSON.stringify(call.json['tools']))
      : 0;
    const output = choices.reduce((sum, choice) => sum + choice.draft.tokens, 0);
    const units = unitsOf(prompt.tokens + tools, output, call.controls.usage);
    const usage = completionUsage(units);
    if (!call.isStream) {
      return { ...whole(call, choices, usage), ...bill(model, units, usage) };
    }
    const isUsageWanted = wantsUsage(call.json);
    const events = chatEvents(call, choices, isUsageWanted ? usage : null);
    return {
      status: 200,
      headers: {},
      body: { kind: 'events', events },
      ...bill(model, units, isUsageWanted ? usage : null),
    };
  },
};

/** `stream_options.include_usage`, the only thing that makes a stream tell its usage. */
export function wantsUsage(body: JsonObject): boolean {
  const options = body['stream_options'];
  return isObject(options) && options['include_usage'] === true;
}

function composeChoices(call: Call, prompt: Prompt): Choice[] {
  const count = wholeNumber(call.json, 'n', { min: 1, max: 128, fallback: 1 });
  const outputMax = readOutputMax(call.json);
  const isAnsweringTool = prompt.lastRole === 'tool';
  const tool = isAnsweringTool ? null : chooseTool(call.json, prompt.lastUserText);
  return Array.from({ length: count }, (_, index) => {
    const draft =
      tool === null
        ? composeText(call, prompt, { index, outputMax })
        : draftOf(call, toolArguments(tool, prompt.text), outputMax);
    const finished = tool === null ? 'stop' : 'tool_calls';
    return { draft, tool, finishReason: draft.isCut ? 'length' : finished };
  });
}

function composeText(
  call: Call,
  prompt: Prompt,
  { index, outputMax }: { index: number; outputMax: number },
): Draft {
  const format = call.json['response_format'];
  const plain = draftText(call, prompt.text, index, outputMax);
  if (!isObject(format) || format['type'] === 'text') return plain;
  const schema = isObject(format['json_schema']) ? format['json_schema']['schema'] : null;
  const value =
    schema === null ? { answer: plain.text } : instanceOf(schema, hashText(prompt.text) + index);
  return draftOf(call, JSON.stringify(value), outputMax);
}

function readOutputMax(body: JsonObject): number {
  const range = { min: 1, max: 1_000_000, fallback: Number.POSITIVE_INFINITY };
  return Math.min(
    wholeNumber(body, 'max_tokens', range),
    wholeNumber(body, 'max_completion_tokens', range),
  );
}

function whole(
  call: Call,
  choices: readonly Choice[],
  usage: object,
): Pick<Answer, 'status' | 'headers' | 'body'> {
  const value: JsonObject = {
    id: `chatcmpl-sandbox-${call.id}`,
    object: 'chat.completion',
    created: call.createdAt,
    model: call.json['model'],
    choices: choices.map((choice, index) => ({
      index,
      message: wholeMessage(call, choice, index),
      logprobs: call.json['logprobs'] === true ? logprobsOf(choice.draft.pieces) : null,
      finish_reason: choice.finishReason,
    })),
    usage,
    service_tier: 'default',
    system_fingerprint: 'fp_sandbox',
  };
  return { status: 200, headers: {}, body: { kind: 'json', value } };
}

function wholeMessage(call: Call, { draft, tool }: Choice, index: number): object {
  const shared = { role: 'assistant', refusal: null, annotations: [] };
  if (tool === null) return { ...shared, content: draft.text };
  const toolCall = {
    id: `call_sandbox_${call.id}_${index}`,
    type: 'function',
    function: { name: tool.name, arguments: draft.text },
  };
  return { ...shared, content: null, tool_calls: [toolCall] };
}
