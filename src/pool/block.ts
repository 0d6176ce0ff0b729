export type BlockState = 'banned' | 'exhausted' | 'suspect' | 'cooling' | 'forbidden';

/** Why and until when a credential is set aside, wholly or for one model. */
export interface Block {
  readonly state: BlockState;
  /** Upstream model; null is the whole credential. */
  readonly model: string | null;
  /** Wall clock; Infinity: until somebody or a check lifts it. */
  readonly untilMs: number;
  /** 1 for the first in a row. */
  readonly strike: number;
  /** When its time is over, one call alone must succeed before others follow. */
  readonly hasTrial: boolean;
  /** The journal's row, for bans. */
  readonly banId: string | null;
}

/** A ban as the journal has it; until null: until somebody lifts it. */
export interface JournalBan extends Pick<Block, 'model' | 'strike' | 'hasTrial'> {
  readonly id: string;
  readonly untilMs: number | null;
}

/** Looked at in this order; the first in force is the reason that is told. */
export const WHOLE: readonly BlockState[] = ['banned', 'exhausted', 'suspect', 'cooling'];
export const OF_MODEL: readonly BlockState[] = ['banned', 'exhausted', 'cooling', 'forbidden'];

export const keyOf = (state: BlockState, model: string | null): string =>
  model === null ? state : `${state} ${model}`;

/** Of every block that a call for the model could meet. */
export const keysFor = (model: string): string[] => [
  ...WHOLE.map((state) => keyOf(state, null)),
  ...OF_MODEL.map((state) => keyOf(state, model)),
];

/** Whether another model than this one waits for money now. */
export function isAnotherExhausted(blocks: Iterable<Block>, than: string, nowMs: number): boolean {
  for (const { state, model, untilMs } of blocks) {
    if (state !== 'exhausted' || model === null || model === than) continue;
    if (untilMs > nowMs) return true;
  }
  return false;
}

/** The ban of the same model, or of the whole, that lasts longest; the latest of equals. */
export function longestOf(bans: Iterable<Block>, model: string | null): Block | null {
  let longest: Block | null = null;
  for (const ban of bans) {
    if (ban.model === model && ban.untilMs >= (longest?.untilMs ?? 0)) longest = ban;
  }
  return longest;
}
