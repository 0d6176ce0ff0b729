import { isObject } from '../json.ts';
import { badField } from '../api-error.ts';
import { bill, type Endpoint } from '../call.ts';
import { requireText, wholeNumber } from '../fields.ts';
import { modelFor } from '../models.ts';
import { hashText } from '../text.ts';
import { countTokens, unitsOf } from '../tokens.ts';

const DOCUMENTS_PER_SEARCH = 100;

/** Cohere's shape with a `usage` beside it; billed per search unit of up to 100 documents. */
export const rerank: Endpoint = {
  method: 'POST',
  path: '/v1/rerank',
  body: 'json',
  isMetered: true,
  answer(call) {
    const model = modelFor('rerank', call.json['model'], call.account.models);
    const query = requireText(call.json, 'query');
    const documents = readDocuments(call.json['documents']);
    const range = { min: 1, max: documents.length, fallback: documents.length };
    const limit = wholeNumber(call.json, 'top_n', range);
    const results = documents
      .map((text, index) => ({
        index,
        relevance_score: (hashText(query + text) % 10_000) / 10_000,
      }))
      .toSorted((left, right) => right.relevance_score - left.relevance_score)
      .slice(0, limit);
    const searches = Math.ceil(documents.length / DOCUMENTS_PER_SEARCH);
    const tokens = documents.reduce((sum, each) => sum + countTokens(each), countTokens(query));
    const usage = { search_units: searches, prompt_tokens: tokens, total_tokens: tokens };
    const value = {
      id: `rerank-sandbox-${call.id}`,
      model: call.json['model'],
      results,
      meta: { api_version: { version: '2' }, billed_units: { search_units: searches } },
      usage,
    };
    return {
      status: 200,
      headers: {},
      body: { kind: 'json', value },
      ...bill(model, unitsOf(searches, 0), usage),
    };
  },
};

function readDocuments(value: unknown): string[] {
  if (!Array.isArray(value) || value.length === 0) {
    throw badField('documents', "'documents' must be a non-empty array.");
  }
  return value.map((each: unknown) => {
    const text = isObject(each) ? each['text'] : each;
    if (typeof text !== 'string') {
      throw badField('documents', 'A document must be a string or an object with a text.');
    }
    return text;
  });
}
