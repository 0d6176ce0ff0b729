import type { JsonObject } from '../json.ts';
import { jsonAnswer } from '../answer.ts';
import { ApiError, badField } from '../api-error.ts';
import type { Call, Endpoint } from '../call.ts';
import { requireText } from '../fields.ts';
import { listOf } from './files.ts';

/** Batches are accepted, shown and cancelled, but never run: they stay `in_progress`. */
export const createBatch: Endpoint = {
  method: 'POST',
  path: '/v1/batches',
  body: 'json',
  isMetered: false,
  answer({ account, json, id, createdAt }) {
    const inputId = requireText(json, 'input_file_id');
    const file = account.files.get(inputId);
    if (file === undefined) throw badField('input_file_id', `No such File object: ${inputId}`);
    const lines = file.bytes.toString('utf8').split('\n');
    const batch: JsonObject = {
      id: `batch_sandbox_${id}`,
      object: 'batch',
      endpoint: requireText(json, 'endpoint'),
      errors: null,
      input_file_id: inputId,
      completion_window: requireText(json, 'completion_window'),
      status: 'in_progress',
      output_file_id: null,
      error_file_id: null,
      created_at: createdAt,
      request_counts: {
        total: lines.filter((line) => line.trim() !== '').length,
        completed: 0,
        failed: 0,
      },
      metadata: json['metadata'] ?? null,
    };
    account.batches.set(`batch_sandbox_${id}`, batch);
    return jsonAnswer(batch);
  },
};

export const listBatches: Endpoint = {
  method: 'GET',
  path: '/v1/batches',
  body: 'none',
  isMetered: false,
  answer: ({ account }) => jsonAnswer(listOf([...account.batches.values()])),
};

export const getBatch: Endpoint = {
  method: 'GET',
  path: '/v1/batches/:batch',
  body: 'none',
  isMetered: false,
  answer: (call) => jsonAnswer(storedBatch(call)),
};

export const cancelBatch: Endpoint = {
  method: 'POST',
  path: '/v1/batches/:batch/cancel',
  body: 'none',
  isMetered: false,
  answer(call) {
    const batch = storedBatch(call);
    const cancelled = { ...batch, status: 'cancelled', cancelled_at: call.createdAt };
    call.account.batches.set(call.params['batch'] ?? '', cancelled);
    return jsonAnswer(cancelled);
  },
};

function storedBatch(call: Call): JsonObject {
  const id = call.params['batch'] ?? '';
  const batch = call.account.batches.get(id);
  if (batch === undefined) throw new ApiError(404, `No batch found with id '${id}'.`);
  return batch;
}
