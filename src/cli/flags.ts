import type { Command } from 'commander';
import type { z } from 'zod';
import { DURATION_MAX_MS, durationMs } from '../config/duration.ts';
import { ConfigError } from '../config/load.ts';

/** A flag's text as a value, or why it is none. */
export type FlagReader<T> = (text: string) => T | { mistake: string };

export const text: FlagReader<string> = (value) => (value === '' ? { mistake: 'is empty' } : value);

export const whole =
  (min: number, max: number): FlagReader<number> =>
  (value) => {
    const number = /^-?\d+$/.test(value) ? Number(value) : Number.NaN;
    const isFine = number >= min && number <= max;
    return isFine ? number : { mistake: `must be a whole number from ${min} to ${max}` };
  };

/** A number of at least one, or null for `0`, which lifts a limit. */
export const limit =
  (max: number): FlagReader<number | null> =>
  (value) => {
    const number = whole(0, max)(value);
    return number === 0 ? null : number;
  };

/** Empty text lifts what was set. */
export const textOrNone: FlagReader<string | null> = (value) => (value === '' ? null : value);

/** Parts between commas; empty text lifts a restriction. */
export const list: FlagReader<string[] | null> = (value) => {
  if (value === '') return null;
  const parts = value.split(',').map((part) => part.trim());
  return parts.includes('') ? { mistake: 'has an empty part' } : parts;
};

/** A decimal number as people write one. */
export const decimal: FlagReader<number> = (value) =>
  /^\d+(?:\.\d+)?$/.test(value) ? Number(value) : { mistake: `${value} is not a number` };

/** Numbers between commas; empty text is none. */
export const decimals: FlagReader<number[]> = (value) => {
  const numbers: number[] = [];
  for (const part of value === '' ? [] : value.split(',')) {
    const number = decimal(part.trim());
    if (typeof number !== 'number') return number;
    numbers.push(number);
  }
  return numbers;
};

/** A JSON object; empty text is an empty one. */
export const jsonObject: FlagReader<Record<string, unknown>> = (value) => {
  try {
    const parsed: unknown = JSON.parse(value === '' ? '{}' : value);
    const isObject = typeof parsed === 'object' && parsed !== null && !Array.isArray(parsed);
    if (isObject) return parsed as Record<string, unknown>;
  } catch {
    // Told below.
  }
  return { mistake: 'must be a JSON object such as {"owner":"billing"}' };
};

/** Judged as the service will, so that its mistakes come with all others, under the flag's name. */
export const judged =
  <T extends z.ZodType>(reader: FlagReader<unknown>, schema: T): FlagReader<z.input<T>> =>
  (value) => {
    const read = reader(value);
    if (isMistake(read)) return read;
    const { success, error } = schema.safeParse(read);
    if (success) return read as z.input<T>;
    return { mistake: [...new Set(error.issues.map(({ message }) => message))].join('; ') };
  };

/** Milliseconds of a duration such as `10m`; at most ten years, as in a file. */
export const duration: FlagReader<number> = (value) => {
  const ms = durationMs(value) ?? 0;
  const isFine = ms >= 1 && ms <= DURATION_MAX_MS;
  return isFine ? ms : { mistake: 'must be a duration such as 30s, 10m or 1h30m, up to 87600h' };
};

/**
 * Collects everything that is wrong with a command line before anything is done, so that it is
 * mended in one go. Commands allow unknown options and excess arguments to come this far.
 */
export class Flags {
  readonly #values: Record<string, unknown>;
  readonly #args: string[];
  readonly #mistakes: string[] = [];

  constructor(command: Command, argumentsMax = 0) {
    this.#values = command.opts();
    this.#args = command.args.filter((argument) => !argument.startsWith('-'));
    for (const argument of command.args) {
      if (argument.startsWith('-')) this.#mistakes.push(`${argument}: unknown option`);
    }
    for (const argument of this.#args.slice(argumentsMax)) {
      this.#mistakes.push(`${argument}: unexpected argument`);
    }
  }

  /** Undefined when the flag was not given. */
  read<T>(flag: string, reader: FlagReader<T>): T | undefined {
    const value = this.#values[camel(flag)];
    if (typeof value !== 'string') return undefined;
    const result = reader(value);
    if (!isMistake(result)) return result;
    this.#mistakes.push(`--${flag}: ${result.mistake}`);
    return undefined;
  }

  /** Whether the flag was given a value, be it a good one or not. */
  isGiven(flag: string): boolean {
    return typeof this.#values[camel(flag)] === 'string';
  }

  isSet(flag: string): boolean {
    return this.#values[camel(flag)] === true;
  }

  /** True or false as one of two flags was given; undefined when neither was. */
  either(on: string, off: string): boolean | undefined {
    const isOn = this.isSet(on);
    const isOff = this.isSet(off);
    this.require(!(isOn && isOff), `--${on}, --${off}: only one of them makes sense`);
    return isOn || isOff ? isOn : undefined;
  }

  /** A command that changes something is told what. */
  requireChange(given: object): void {
    const isChange = Object.values(given).some((value) => value !== undefined);
    this.require(isChange, 'nothing to change: give at least one option');
  }

  /** The only positional argument. */
  argument(name: string): string {
    const [value] = this.#args;
    if (value === undefined) this.#mistakes.push(`${name}: is missing`);
    return value ?? '';
  }

  require(condition: boolean, mistake: string): void {
    if (!condition) this.#mistakes.push(mistake);
  }

  get mistakes(): readonly string[] {
    return this.#mistakes;
  }

  /** Throws ConfigError with every mistake, if there is one. */
  check(): void {
    if (this.#mistakes.length > 0) throw new ConfigError(this.#mistakes);
  }
}

const isMistake = (value: unknown): value is { mistake: string } =>
  typeof value === 'object' && value !== null && 'mistake' in value;

const camel = (flag: string): string =>
  flag.replace(/-([a-z])/g, (_match, letter: string) => letter.toUpperCase());
