import { jsonEvent, type SseEvent, type SseRole } from '../sse.ts';
import {
  finalResponse,
  outputItem,
  responseObject,
  textPart,
  type ResponseDraft,
} from './response-object.ts';

/** The typed events of a streamed response; the last one carries the usage, no `[DONE]` follows. */
export function responseEvents(made: ResponseDraft): SseEvent[] {
  const events: SseEvent[] = [];
  const emit = (type: string, fields: object, role: SseRole = 'other'): void => {
    events.push(jsonEvent(role, { type, ...fields, sequence_number: events.length }, type));
  };
  const started = responseObject(made.call, { status: 'in_progress', output: [], usage: null });
  emit('response.created', { response: started });
  emit('response.in_progress', { response: started });
  const opened = outputItem(made, { text: '', status: 'in_progress' });
  emit('response.output_item.added', { output_index: 0, item: opened });
  if (made.tool === null) emitText(made, emit);
  else emitArguments(made, emit);
  const status = made.draft.isCut ? 'incomplete' : 'completed';
  const closed = outputItem(made, { text: made.draft.text, status });
  emit('response.output_item.done', { output_index: 0, item: closed });
  emit(`response.${status}`, { response: finalResponse(made) }, 'usage');
  return events;
}

type Emit = (type: string, fields: object, role?: SseRole) => void;

function emitText({ call, draft }: ResponseDraft, emit: Emit): void {
  const place = { item_id: `msg_sandbox_${call.id}`, output_index: 0, content_index: 0 };
  emit('response.content_part.added', { ...place, part: textPart('') });
  for (const delta of draft.pieces) {
    emit('response.output_text.delta', { ...place, delta, logprobs: [] }, 'content');
  }
  emit('response.output_text.done', { ...place, text: draft.text, logprobs: [] });
  emit('response.content_part.done', { ...place, part: textPart(draft.text) });
}

function emitArguments({ call, draft, tool }: ResponseDraft, emit: Emit): void {
  const place = { item_id: `fc_sandbox_${call.id}`, output_index: 0 };
  for (const delta of draft.pieces) {
    emit('response.function_call_arguments.delta', { ...place, delta }, 'content');
  }
  emit('response.function_call_arguments.done', {
    ...place,
    name: tool?.name,
    arguments: draft.text,
  });
}
