import type { Call } from '../call.ts';
import { doneEvent, type SseEvent, type SseRole } from '../sse.ts';
import type { Draft } from '../draft.ts';
import type { Tool } from '../tools.ts';

/** One choice of a chat answer; `tool` is set when the draft is a tool call's arguments. */
export interface Choice {
  draft: Draft;
  tool: Tool | null;
  finishReason: 'stop' | 'length' | 'tool_calls';
}

/** What differs between two chunks, as JSON text. */
interface ChunkChoice {
  index: number;
  delta: string;
  finish?: string;
  logprobs?: string;
}

/** Every piece as one token, equally likely. */
export function logprobsOf(pieces: readonly string[]): object {
  const content = pieces.map((token) => ({
    token,
    logprob: -0.25,
    bytes: [...Buffer.from(token)],
    top_logprobs: [],
  }));
  return { content, refusal: null };
}

/**
 * The stream of a chat answer. Asked for usage, it says `usage:null` on every chunk and tells the
 * usage in a last chunk without choices, as OpenAI does. Choices are interleaved.
 */
export function chatEvents(
  call: Call,
  choices: readonly Choice[],
  usage: object | null,
): SseEvent[] {
  // Chunks differ in one place only, so the rest of their text is made once.
  const head =
    `data: {"id":"chatcmpl-sandbox-${call.id}","object":"chat.completion.chunk",` +
    `"created":${call.createdAt},"model":${JSON.stringify(call.json['model'])},` +
    '"service_tier":"default","system_fingerprint":"fp_sandbox","choices":[';
  const tail = usage === null ? ']}\n\n' : '],"usage":null}\n\n';
  const events: SseEvent[] = [];
  const hasLogprobs = call.json['logprobs'] === true;
  const push = (
    role: SseRole,
    { index, delta, finish = 'null', logprobs = 'null' }: ChunkChoice,
  ): void => {
    const choice = `{"index":${index},"delta":${delta},"logprobs":${logprobs},"finish_reason":${finish}}`;
    events.push({ role, text: head + choice + tail });
  };
  for (const [index, choice] of choices.entries())
    push('other', { index, delta: opening(call, choice, index) });
  const rounds = Math.max(...choices.map((choice) => choice.draft.pieces.length));
  for (let round = 0; round < rounds; round += 1) {
    for (const [index, choice] of choices.entries()) {
      const piece = choice.draft.pieces[round];
      if (piece === undefined) continue;
      const logprobs = hasLogprobs ? JSON.stringify(logprobsOf([piece])) : 'null';
      push('content', { index, delta: spoken(choice, piece), logprobs });
    }
  }
  for (const [index, choice] of choices.entries()) {
    push('other', { index, delta: '{}', finish: JSON.stringify(choice.finishReason) });
  }
  if (usage !== null) {
    events.push({ role: 'usage', text: `${head}],"usage":${JSON.stringify(usage)}}\n\n` });
  }
  events.push(doneEvent);
  return events;
}

function opening(call: Call, { tool }: Choice, index: number): string {
  if (tool === null) return '{"role":"assistant","content":"","refusal":null}';
  const start = {
    index: 0,
    id: `call_sandbox_${call.id}_${index}`,
    type: 'function',
    function: { name: tool.name, arguments: '' },
  };
  return JSON.stringify({ role: 'assistant', content: null, tool_calls: [start] });
}

function spoken({ tool }: Choice, piece: string): string {
  if (tool === null) return `{"content":${JSON.stringify(piece)}}`;
  return `{"tool_calls":[{"index":0,"function":{"arguments":${JSON.stringify(piece)}}}]}`;
}
