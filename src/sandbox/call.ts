import type { JsonObject } from './json.ts';
import type { Answer } from './answer.ts';
import type { Controls } from './controls.ts';
import type { Account } from './credits.ts';
import { costOf, type Model } from './models.ts';
import type { Units } from './units.ts';
import type { Form } from './form.ts';

/** One authenticated request, its body read and parsed. */
export interface Call {
  id: number;
  method: string;
  path: string;
  query: URLSearchParams;
  /** What the `:name` parts of the endpoint's path matched. */
  params: Record<string, string>;
  account: Account;
  /** The JSON body; empty for other bodies. */
  json: JsonObject;
  /** The multipart body; empty for other bodies. */
  form: Form;
  isStream: boolean;
  controls: Controls;
  /** Seconds since the epoch. */
  createdAt: number;
}

export interface Endpoint {
  method: string;
  /** `:name` matches one segment, a final `:name*` the rest of the path. */
  path: string;
  body: 'none' | 'json' | 'form';
  /** Metered endpoints need a balance, and are the ones that credential faults hit by default. */
  isMetered: boolean;
  /** Throws ApiError. */
  answer: (call: Call) => Answer;
}

/** The money side of an answer: what was consumed, what it costs, what the body says of it. */
export function bill(
  model: Model,
  units: Units,
  usage: object | null,
): Pick<Answer, 'usage' | 'metered' | 'costNano'> {
  return { usage, metered: units, costNano: costOf(model.price, units) };
}
