import { badField } from '../api-error.ts';
import { bill, type Call, type Endpoint } from '../call.ts';
import { draftText, type Draft } from '../draft.ts';
import { wholeNumber } from '../fields.ts';
import { modelFor } from '../models.ts';
import { doneEvent, jsonEvent, type SseEvent } from '../sse.ts';
import { completionUsage, countTokens, unitsOf } from '../tokens.ts';
import { wantsUsage } from './chat-completions.ts';

/** Legacy text completions. */
export const completions: Endpoint = {
  method: 'POST',
  path: '/v1/completions',
  body: 'json',
  isMetered: true,
  answer(call) {
    const model = modelFor('chat', call.json['model'], call.account.models);
    const prompts = readPrompts(call.json['prompt']);
    const count = wholeNumber(call.json, 'n', { min: 1, max: 128, fallback: 1 });
    const range = { min: 1, max: 1_000_000, fallback: Number.POSITIVE_INFINITY };
    const outputMax = wholeNumber(call.json, 'max_tokens', range);
    const drafts = prompts.flatMap((prompt) =>
      Array.from({ length: count }, (_, index) => draftText(call, prompt, index, outputMax)),
    );
    const input = prompts.reduce((sum, prompt) => sum + countTokens(prompt), 0);
    const output = drafts.reduce((sum, draft) => sum + draft.tokens, 0);
    const units = unitsOf(input, output, call.controls.usage);
    const usage = completionUsage(units);
    if (call.isStream) {
      const told = wantsUsage(call.json) ? usage : null;
      const events = streamEvents(call, drafts, told);
      return {
        status: 200,
        headers: {},
        body: { kind: 'events', events },
        ...bill(model, units, told),
      };
    }
    const choices = drafts.map((draft, index) => choiceOf(index, draft.text, finishOf(draft)));
    return {
      status: 200,
      headers: {},
      body: { kind: 'json', value: { ...frame(call), choices, usage } },
      ...bill(model, units, usage),
    };
  },
};

function readPrompts(prompt: unknown): string[] {
  const prompts: unknown[] = Array.isArray(prompt) ? prompt : [prompt];
  const texts = prompts.filter((each) => typeof each === 'string');
  if (texts.length === 0 || texts.length !== prompts.length) {
    throw badField('prompt', "'prompt' must be a string or an array of strings.");
  }
  return texts;
}

function frame(call: Call): object {
  return {
    id: `cmpl-sandbox-${call.id}`,
    object: 'text_completion',
    created: call.createdAt,
    model: call.json['model'],
    system_fingerprint: 'fp_sandbox',
  };
}

function choiceOf(index: number, text: string, finishReason: string | null): object {
  return { index, text, logprobs: null, finish_reason: finishReason };
}

function finishOf(draft: Draft): string {
  return draft.isCut ? 'length' : 'stop';
}

function streamEvents(call: Call, drafts: readonly Draft[], usage: object | null): SseEvent[] {
  const usageField = usage === null ? {} : { usage: null };
  const chunk = (choice: object): object => ({ ...frame(call), choices: [choice], ...usageField });
  const events = drafts.flatMap((draft, index) => [
    ...draft.pieces.map((piece) => jsonEvent('content', chunk(choiceOf(index, piece, null)))),
    jsonEvent('other', chunk(choiceOf(index, '', finishOf(draft)))),
  ]);
  if (usage !== null) events.push(jsonEvent('usage', { ...frame(call), choices: [], usage }));
  return [...events, doneEvent];
}
