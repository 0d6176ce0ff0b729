import { badField } from './api-error.ts';
import type { JsonObject } from './json.ts';

/** A field that must be a string; throws 400. */
export function requireText(body: JsonObject, name: string): string {
  const value = body[name];
  if (typeof value !== 'string') throw badField(name, `'${name}' must be a string.`);
  return value;
}

/** A whole number within [min, max], or the fallback when absent or null; throws 400. */
export function wholeNumber(
  body: JsonObject,
  name: string,
  range: { min: number; max: number; fallback: number },
): number {
  const value = body[name];
  if (value === undefined || value === null) return range.fallback;
  const isWhole = typeof value === 'number' && Number.isInteger(value);
  if (!isWhole || value < range.min || value > range.max) {
    throw badField(name, `'${name}' must be an integer from ${range.min} to ${range.max}.`);
  }
  return value;
}

/** Whether the body asks for a stream; throws 400 unless absent, null or boolean. */
export function asksForStream(body: JsonObject): boolean {
  const value = body['stream'];
  if (value === undefined || value === null) return false;
  if (typeof value !== 'boolean') throw badField('stream', "'stream' must be a boolean.");
  return value;
}
