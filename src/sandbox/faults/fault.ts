import type { Answer } from '../answer.ts';
import { ApiError } from '../api-error.ts';
import type { Step } from '../script.ts';

/** A parameter with its default; the default's type is the parameter's type. */
export interface Param {
  default: number | string;
  about: string;
  /** The only values allowed, where they are few. */
  oneOf?: readonly string[];
}

export interface FaultRequest {
  authorization: string;
}

/** The values of one use of a fault; reading a name that the fault lacks throws. */
export class Params {
  readonly #values: Map<string, number | string>;

  constructor(values: Map<string, number | string>) {
    this.#values = values;
  }

  number(name: string): number {
    const value = this.#values.get(name);
    if (typeof value !== 'number') throw new TypeError(`No number parameter ${name}`);
    return value;
  }

  text(name: string): string {
    const value = this.#values.get(name);
    if (typeof value !== 'string') throw new TypeError(`No text parameter ${name}`);
    return value;
  }
}

/**
 * One way to misbehave. `answer` rewrites what is said, `script` how it goes over the wire; both
 * are pure and must not change what they are given.
 */
export interface Fault {
  name: string;
  /** One line. */
  description: string;
  params?: Record<string, Param>;
  /** Strikes before the request's body is read. */
  isBeforeBody?: true;
  /** Overrides what the caller said about streaming. */
  isStream?: boolean;
  answer?: (answer: Answer, params: Params, request: FaultRequest) => Answer;
  script?: (steps: readonly Step[], params: Params) => Step[];
}

/** A fault with its parameters bound. */
export interface BoundFault {
  fault: Fault;
  params: Params;
}

/** Binds given parameters over the defaults; throws 400 for a name or a number that is not one. */
export function bindFault(fault: Fault, given: ReadonlyMap<string, string>): BoundFault {
  const table = fault.params ?? {};
  const values = new Map(Object.entries(table).map(([name, param]) => [name, param.default]));
  for (const [name, text] of given) {
    const param = table[name];
    if (param === undefined) throw new ApiError(400, `${fault.name} has no parameter ${name}.`);
    const value = typeof param.default === 'number' ? Number(text) : text;
    if (typeof value === 'number' && !Number.isFinite(value)) {
      throw new ApiError(400, `${fault.name}: ${name} must be a number.`);
    }
    if (param.oneOf?.includes(text) === false) {
      throw new ApiError(400, `${fault.name}: ${name} must be one of ${param.oneOf.join(', ')}.`);
    }
    values.set(name, value);
  }
  return { fault, params: new Params(values) };
}
