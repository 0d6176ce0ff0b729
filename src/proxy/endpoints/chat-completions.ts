import { estimateText } from '../../accounting/estimate.ts';
import { withFee } from '../../accounting/prices/fee.ts';
import { chatPrompt } from '../../accounting/prompts/chat.ts';
import { ChatStreamReader } from '../stream-reader.ts';
import { chatUsage, toldUsage } from '../usage-readers.ts';
import type { Endpoint } from './endpoint.ts';

/** https://platform.openai.com/docs/api-reference/chat/create */
export const chatCompletions: Endpoint = {
  id: 'chat.completions',
  method: 'POST',
  path: '/v1/chat/completions',
  body: 'json',
  model: 'required',
  isStructured: true,
  list: 'choices',
  isRepeatable: false,
  stream: () => new ChatStreamReader(),
  tellsUsageOnRequest: true,
  meter: {
    kind: 'usage',
    read: (answer) => {
      const told = toldUsage(answer);
      return told === null ? null : chatUsage(told);
    },
    estimate: ({ bytes, fields }, price) => withFee(estimateText(bytes, fields), price),
    prompt: ({ model, fields }) => chatPrompt(model, fields),
    saysText: true,
    hasFee: true,
  },
};
