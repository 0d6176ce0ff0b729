import { estimateInput } from '../../accounting/estimate.ts';
import { withFee } from '../../accounting/prices/fee.ts';
import { plainPrompt } from '../../accounting/prompts/prompt.ts';
import { chatUsage, toldUsage } from '../usage-readers.ts';
import type { Endpoint } from './endpoint.ts';

/** https://platform.openai.com/docs/api-reference/embeddings */
export const embeddings: Endpoint = {
  id: 'embeddings',
  method: 'POST',
  path: '/v1/embeddings',
  body: 'json',
  model: 'required',
  isStructured: true,
  list: 'data',
  isRepeatable: false,
  meter: {
    kind: 'usage',
    read: (answer) => {
      const told = toldUsage(answer);
      return told === null ? null : chatUsage(told);
    },
    estimate: ({ bytes }, price) => withFee(estimateInput(bytes), price),
    prompt: ({ fields }) => plainPrompt(fields['input']),
    hasFee: true,
  },
};
