import type { Command } from 'commander';
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

  isSet(flag: string): boolean {
    return this.#values[camel(flag)] === true;
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
