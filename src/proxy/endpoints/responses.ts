import { estimateText } from '../../accounting/estimate.ts';
import { withFee } from '../../accounting/prices/fee.ts';
import { responsesPrompt } from '../../accounting/prompts/chat.ts';
import { TypedStreamReader } from '../stream-reader.ts';
import { responsesUsage, toldUsage } from '../usage-readers.ts';
import type { Endpoint } from './endpoint.ts';

/** https://platform.openai.com/docs/api-reference/responses */
export const responses: Endpoint = {
  id: 'responses',
  method: 'POST',
  path: '/v1/responses',
  body: 'json',
  model: 'required',
  isStructured: true,
  isRepeatable: false,
  stream: () =>
    new TypedStreamReader(['response.completed', 'response.incomplete'], responsesUsage),
  meter: {
    kind: 'usage',
    read: (answer) => {
      const told = toldUsage(answer);
      return told === null ? null : responsesUsage(told);
    },
    estimate: ({ bytes, fields }, price) => withFee(estimateText(bytes, fields), price),
    prompt: ({ model, fields }) => responsesPrompt(model, fields),
    saysText: true,
    hasFee: true,
  },
};
