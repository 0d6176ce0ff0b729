import type { Call } from '../call.ts';
import type { Draft } from '../draft.ts';
import type { Tool } from '../tools.ts';

/** A finished response: what a plain call answers and what a stream ends with. */
export interface ResponseDraft {
  call: Call;
  draft: Draft;
  tool: Tool | null;
  usage: object;
}

/** The response object with given status, output and usage; the rest never changes. */
export function responseObject(
  call: Call,
  state: { status: string; output: object[]; usage: object | null },
): object {
  return {
    id: `resp_sandbox_${call.id}`,
    object: 'response',
    created_at: call.createdAt,
    status: state.status,
    error: null,
    incomplete_details: state.status === 'incomplete' ? { reason: 'max_output_tokens' } : null,
    instructions: call.json['instructions'] ?? null,
    metadata: call.json['metadata'] ?? {},
    model: call.json['model'],
    output: state.output,
    parallel_tool_calls: true,
    temperature: 1,
    tool_choice: call.json['tool_choice'] ?? 'auto',
    tools: call.json['tools'] ?? [],
    top_p: 1,
    usage: state.usage,
  };
}

export function finalResponse(made: ResponseDraft): object {
  const status = made.draft.isCut ? 'incomplete' : 'completed';
  const item = outputItem(made, { text: made.draft.text, status });
  return responseObject(made.call, { status, output: [item], usage: made.usage });
}

/** The one output item, a message or a function call, holding `text` so far. */
export function outputItem(
  { call, tool }: ResponseDraft,
  { text, status }: { text: string; status: string },
): object {
  if (tool !== null) {
    return {
      id: `fc_sandbox_${call.id}`,
      type: 'function_call',
      status,
      call_id: `call_sandbox_${call.id}_0`,
      name: tool.name,
      arguments: text,
    };
  }
  return {
    id: `msg_sandbox_${call.id}`,
    type: 'message',
    status,
    role: 'assistant',
    content: status === 'in_progress' ? [] : [textPart(text)],
  };
}

export function textPart(text: string): object {
  return { type: 'output_text', text, annotations: [], logprobs: [] };
}
