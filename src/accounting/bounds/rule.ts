/** What is asked of an upstream: the model and the body as they are sent, what our rules set included. */
export interface BoundAsked {
  readonly model: string;
  /** Top-level fields of a JSON body, text fields of a form. */
  readonly fields: Readonly<Record<string, unknown>>;
  /** Size of the whole body. */
  readonly bytes: number;
}

/** The most that a call can use, before it is known in which classes. */
export interface Ceiling {
  /** Tokens of the prompt. */
  readonly prompt: number;
  /** Some of them can be of sound. */
  readonly hasAudio: boolean;
  /** Tokens produced. */
  readonly output: number;
  readonly images?: number;
  readonly audioMillis?: number;
  readonly requests?: number;
}

/** How much one kind of call can use at most. One row for each endpoint that has a price. */
export interface BoundRule {
  /**
   * Names under which the upstream heeds a cap of the output. The first is the one to set where a
   * client set none of them. Empty where the output is bounded by something else.
   */
  readonly capNames: readonly string[];
  /** The cap to set where a client set none. */
  readonly capDefault: number;
  /** False where a price by pictures, by time or by searches is as good as one by tokens. */
  readonly isByTokens: boolean;
  ceiling(asked: BoundAsked, cap: number, obstacles: Obstacles): Ceiling;
}

/** Why a call has no bound: the field at fault and what is wrong with it. All are told at once. */
export type Obstacles = Map<string, string>;

/** A field that says how many; 1 when it is absent. Forms say it in digits. */
export function countOf(
  fields: Readonly<Record<string, unknown>>,
  name: string,
  obstacles: Obstacles,
  absent = 1,
): number {
  const value = fields[name];
  if (value === undefined || value === null) return absent;
  const count = typeof value === 'string' && /^\d{1,9}$/.test(value) ? Number(value) : value;
  if (typeof count === 'number' && Number.isSafeInteger(count) && count >= 1) return count;
  obstacles.set(name, 'must be a whole number from 1');
  return 1;
}

/** An object of JSON that is no list. */
export const isPart = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Size of a text; 0 for anything else. */
export const textBytes = (value: unknown): number =>
  typeof value === 'string' ? Buffer.byteLength(value) : 0;
