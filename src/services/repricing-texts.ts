import type { LeftAlone } from './repricing.ts';

/** Why calls keep the cost they have, for people. */
export const LEFT_ALONE: Record<LeftAlone, string> = {
  voided: 'nothing was produced, nothing is charged',
  unknown: 'lost calls, charged at the hold: what they used is not known',
  paid_elsewhere: "the caller's own credential paid",
  no_usage: 'no usage is known that a price could be multiplied by',
  operator: 'an operator has said what they cost',
  told: 'the service that made them has said what they cost',
  no_provider: 'nobody knows any more which provider served them',
  no_price: 'no price is known of their model at their time',
  too_dear: 'what they are said to have used costs more than any call can',
};
