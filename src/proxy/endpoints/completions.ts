import { estimateText } from '../../accounting/estimate.ts';
import { withFee } from '../../accounting/prices/fee.ts';
import { plainPrompt } from '../../accounting/prompts/prompt.ts';
import { chatUsage, toldUsage } from '../usage-readers.ts';
import { chatCompletions } from './chat-completions.ts';
import type { Endpoint } from './endpoint.ts';

/** https://platform.openai.com/docs/api-reference/completions (legacy): metered as chat is. */
export const completions: Endpoint = {
  ...chatCompletions,
  id: 'completions',
  path: '/v1/completions',
  meter: {
    kind: 'usage',
    read: (answer) => {
      const told = toldUsage(answer);
      return told === null ? null : chatUsage(told);
    },
    estimate: ({ bytes, fields }, price) => withFee(estimateText(bytes, fields), price),
    prompt: ({ fields }) => plainPrompt(fields['prompt']),
    saysText: true,
    hasFee: true,
  },
};
