import { isObject } from './json.ts';
import type { Call } from './call.ts';
import { cutPieces, hashText, sentencePieces, splitText } from './text.ts';
import { bytesWithin, countTokens } from './tokens.ts';

/** One composed output: its text in the pieces a stream would send. */
export interface Draft {
  pieces: readonly string[];
  text: string;
  tokens: number;
  isCut: boolean;
}

/**
 * The output for a prompt: the same prompt, index and chunk count always give the same text, one
 * word per chunk. `outputMax` caps the tokens; Infinity for no cap.
 */
export function draftText(call: Call, prompt: string, index: number, outputMax: number): Draft {
  const seed = (hashText(prompt) + index * 0x9e3779b9) >>> 0;
  return cutDraft(sentencePieces(seed, call.controls.chunks), outputMax);
}

/** A draft of given text, for outputs that must have a form (JSON, tool arguments). */
export function draftOf(call: Call, text: string, outputMax: number): Draft {
  return cutDraft(splitText(text, call.controls.chunks), outputMax);
}

function cutDraft(pieces: readonly string[], outputMax: number): Draft {
  const whole = pieces.join('');
  const isCut = countTokens(whole) > outputMax;
  const kept = isCut ? cutPieces(pieces, bytesWithin(outputMax)) : pieces;
  const text = isCut ? kept.join('') : whole;
  return { pieces: kept, text, tokens: countTokens(text), isCut };
}

/** A small value that fits a JSON schema; unknown constructs give a string. Depth is bounded. */
export function instanceOf(schema: unknown, seed: number, depth = 0): unknown {
  if (!isObject(schema) || depth > 8) return 'stone';
  if (Array.isArray(schema['enum'])) return schema['enum'][0];
  if ('const' in schema) return schema['const'];
  switch (Array.isArray(schema['type']) ? schema['type'][0] : schema['type']) {
    case 'object': {
      const properties = isObject(schema['properties']) ? schema['properties'] : {};
      return Object.fromEntries(
        Object.entries(properties).map(([name, inner], index) => [
          name,
          instanceOf(inner, seed + index + 1, depth + 1),
        ]),
      );
    }
    case 'array':
      return [instanceOf(schema['items'], seed + 1, depth + 1)];
    case 'integer':
      return seed % 100;
    case 'number':
      return (seed % 1000) / 10;
    case 'boolean':
      return seed % 2 === 0;
    case 'null':
      return null;
    default:
      return sentencePieces(seed, 1).join('').slice(0, -1).toLowerCase();
  }
}
