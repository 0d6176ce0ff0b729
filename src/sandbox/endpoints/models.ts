import { jsonAnswer } from '../answer.ts';
import { modelFor, MODEL_NAMES, findModel, type Service } from '../models.ts';
import type { Endpoint } from '../call.ts';

const CREATED_AT = 1_700_000_000;

export const listModels: Endpoint = {
  method: 'GET',
  path: '/v1/models',
  body: 'none',
  isMetered: false,
  answer: ({ account }) =>
    jsonAnswer({ object: 'list', data: (account.models ?? MODEL_NAMES).map(modelObject) }),
};

/** A name may contain a slash, plain or escaped. */
export const getModel: Endpoint = {
  method: 'GET',
  path: '/v1/models/:model*',
  body: 'none',
  isMetered: false,
  answer(call) {
    const name = call.params['model'] ?? '';
    const service: Service = findModel(name)?.services[0] ?? 'chat';
    modelFor(service, name, call.account.models);
    return jsonAnswer({ ...modelObject(name) });
  },
};

function modelObject(id: string): object {
  return { id, object: 'model', created: CREATED_AT, owned_by: 'sandbox' };
}
