import { shuffle } from './shuffle.ts';
import type { Strategy } from './strategy.ts';

/** Every order is as likely as any other. */
export const random: Strategy = {
  name: 'random',
  order(usable, turn) {
    const ordered = [...usable];
    shuffle(ordered, turn.random);
    return ordered;
  },
};
