import type { Anomaly } from '../entities/call-record.ts';
import type { Usage } from '../entities/usage.ts';

/** What an answer told of itself, whatever its form. */
export interface Telling {
  /** The name it gives its model; null when it gives none. */
  readonly model: string | null;
  /** It told a usage, to be believed or not. */
  readonly hasUsage: boolean;
  /** Null when it told none that can be believed. */
  readonly usage: Usage | null;
  /** Characters of text that its client can see; 0 where they are not counted. */
  readonly textChars: number;
}

/** Prose has hardly more, in any language; of bytes a token has up to eight, in Cyrillic. */
const CHARS_PER_TOKEN = 4;
/** So much less than the text implies is still a matter of the tokeniser (trust U69). */
const SHORTFALL_MAX = 0.2;
/** A text this short may be a few long words. */
const CHARS_MIN = 80;

/** What of this does not fit together. It is delivered all the same: the record says so. */
export function anomaliesIn(told: Telling, sentModel: string): Anomaly[] {
  const anomalies: Anomaly[] = [];
  if (told.hasUsage && told.usage === null) anomalies.push('usage_rejected');
  if (told.usage !== null && isLow(told.usage, told.textChars)) anomalies.push('usage_low');
  if (told.model !== null && !isSameModel(told.model, sentModel)) anomalies.push('other_model');
  return anomalies;
}

function isLow(usage: Usage, chars: number): boolean {
  // Sound that is billed by its length tells no tokens.
  if (chars < CHARS_MIN || usage.audioMillis > 0) return false;
  const told = usage.output + usage.reasoning + usage.outputAudio;
  return told < (chars / CHARS_PER_TOKEN) * (1 - SHORTFALL_MAX);
}

/** What providers add to a model's name when they say which edition of it answered. */
const EDITION = /^(?:[-:@](?:latest|preview|exp|free|v?\d[\d.]*))+$/;
const NAME_CHARS_MAX = 256;

/** Whether two names are of one model: with or without its provider and its edition. */
function isSameModel(one: string, other: string): boolean {
  if (one === other || other === '') return true;
  if (one.length > NAME_CHARS_MAX) return false;
  const [short = '', long = ''] = [one, other]
    .map((name) => name.slice(name.lastIndexOf('/') + 1).toLowerCase())
    .map((name) => name.replace(/[-:]latest$/, ''))
    .toSorted((left, right) => left.length - right.length);
  return long === short || (long.startsWith(short) && EDITION.test(long.slice(short.length)));
}
