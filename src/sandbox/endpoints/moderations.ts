import { badField } from '../api-error.ts';
import { bill, type Endpoint } from '../call.ts';
import { modelFor } from '../models.ts';
import { unitsOf } from '../tokens.ts';

const CATEGORIES = ['harassment', 'hate', 'illicit', 'self-harm', 'sexual', 'violence'];

/** Free of charge. A text is flagged for every category whose name it contains. */
export const moderations: Endpoint = {
  method: 'POST',
  path: '/v1/moderations',
  body: 'json',
  isMetered: true,
  answer(call) {
    const name = call.json['model'] ?? 'omni-moderation-latest';
    const model = modelFor('moderations', name, call.account.models);
    const { input } = call.json;
    if (typeof input !== 'string' && (!Array.isArray(input) || input.length === 0)) {
      throw badField('input', "'input' must be a string or a non-empty array.");
    }
    const inputs: unknown[] = typeof input === 'string' ? [input] : input;
    const value = {
      id: `modr-sandbox-${call.id}`,
      model: name,
      results: inputs.map((each) => judge(typeof each === 'string' ? each : JSON.stringify(each))),
    };
    return {
      status: 200,
      headers: {},
      body: { kind: 'json', value },
      ...bill(model, unitsOf(0, 0), null),
    };
  },
};

function judge(text: string): object {
  const hits = CATEGORIES.map((name) => [name, text.toLowerCase().includes(name)] as const);
  return {
    flagged: hits.some(([, isHit]) => isHit),
    categories: Object.fromEntries(hits),
    category_scores: Object.fromEntries(hits.map(([name, isHit]) => [name, isHit ? 0.99 : 0.01])),
    category_applied_input_types: Object.fromEntries(CATEGORIES.map((name) => [name, ['text']])),
  };
}
