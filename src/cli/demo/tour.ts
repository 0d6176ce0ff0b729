import { setTimeout as pause } from 'node:timers/promises';
import { print, printable } from '../print.ts';
import { asCurl, send } from './request.ts';
import type { ShownRequest, Variables } from './request.ts';

/** Between two looks at something that is about to happen. */
const LOOK_MS = 50;
const LOOKS_MAX = 600;

const JSON_INDENT = 2;
const MARGIN = '  ';

/** Tells the tour: each step says what it shows, what it does, and what came of it. */
export class Tour {
  #variables: Variables;
  #step = 0;

  readonly #interrupt: AbortSignal;

  constructor(variables: Variables, interrupt: AbortSignal) {
    this.#variables = variables;
    this.#interrupt = interrupt;
  }

  step(title: string, ...about: string[]): void {
    this.#step += 1;
    print();
    print(`${this.#step}. ${title}`);
    for (const line of about) print(`   ${line}`);
    print();
  }

  say(text: string): void {
    print(indented(text));
  }

  /** Part of a text that comes bit by bit. */
  trickle(text: string): void {
    process.stdout.write(printable(text.replaceAll('\n', ' ')) + (text === '\n' ? '\n' : ''));
  }

  /** Further values that commands may name. */
  learn(variables: Variables): void {
    this.#variables = { ...this.#variables, ...variables };
    for (const [name, value] of Object.entries(variables)) print(`${MARGIN}${name}=${value}`);
    print();
  }

  show(request: ShownRequest): void {
    this.command(asCurl(request));
  }

  /** Prints the request as a command, then makes it. */
  async ask(request: ShownRequest): Promise<Response> {
    this.show(request);
    return await send(request, this.#variables, this.#interrupt);
  }

  /** The same without a word, for what is repeated. */
  async again(request: ShownRequest): Promise<Response> {
    return await send(request, this.#variables, this.#interrupt);
  }

  command(text: string): void {
    const [first = '', ...more] = text.split('\n');
    print(`${MARGIN}$ ${first}`);
    for (const line of more) print(`${MARGIN}  ${line}`);
    print();
  }

  json(value: unknown): void {
    print(indented(JSON.stringify(value, null, JSON_INDENT)));
  }

  /** Looks until something has come about. */
  async until<T>(what: string, look: () => Promise<T | null>): Promise<T> {
    for (let nth = 0; nth < LOOKS_MAX; nth += 1) {
      const seen = await look();
      if (seen !== null) return seen;
      await pause(LOOK_MS, undefined, { signal: this.#interrupt });
    }
    throw new Error(`the tour waited in vain until ${what}`);
  }
}

const indented = (text: string): string =>
  text
    .split('\n')
    .map((line) => `${MARGIN}${line}`)
    .join('\n');
