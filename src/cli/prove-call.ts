import { catalogueMatchers, catalogueRows } from '../accounting/prices/catalogue.ts';
import { configRows } from '../accounting/prices/config-price.ts';
import { costOf } from '../accounting/prices/cost.ts';
import { PriceBook } from '../accounting/prices/price-book.ts';
import { rateOf, ratesFor } from '../accounting/prices/price-row.ts';
import type { Config } from '../config/load.ts';
import { sandbox } from '../providers/sandbox.ts';
import { chatCompletions } from '../proxy/endpoints/chat-completions.ts';

const MODEL = 'gpt-4o-mini';
/** Also more than the text of an answer, so that no stream asks for more while it runs. */
const OUTPUT_TOKENS = 1024;
/** Both bodies are of one length, so that both are estimated alike. */
const BODY_BYTES = 160;
/** Between two events of a stream: some calls hold their money while others have settled theirs. */
const PACE_MS = 5;

/** Nano-USD per million tokens. */
export interface TokenPrice {
  input: bigint;
  output: bigint;
}

/** The call that a budget is attacked with, again and again. */
export interface ProofCall {
  model: string;
  bodies: { whole: string; stream: string };
  headers: Record<string, string>;
  price: TokenPrice;
  /** What each holds, and what each costs. */
  costNano: bigint;
}

/**
 * The sandbox is told to bill exactly what the gateway holds for the call: a budget of so many holds
 * then lets so many calls pass, whichever of them are quicker.
 */
export function proofCall({ prices }: Pick<Config, 'prices'>, nowMs: number): ProofCall {
  const fields = {
    model: MODEL,
    max_tokens: OUTPUT_TOKENS,
    messages: [{ role: 'user', content: 'Spend it.' }],
  };
  const bodyOf = (isStream: boolean) =>
    JSON.stringify({ ...fields, stream: isStream }).padEnd(BODY_BYTES);
  const { meter } = chatCompletions;
  if (meter.kind !== 'usage') throw new Error('chat completions are metered by their usage');
  const usage = meter.estimate({ model: MODEL, fields, bytes: BODY_BYTES });
  const book = new PriceBook([...configRows(prices), ...catalogueRows()], catalogueMatchers());
  const sheet = book.of(sandbox, MODEL, nowMs);
  const rates = sheet === undefined ? {} : ratesFor(sheet, usage.input);
  const price = { input: rateOf(rates, 'input'), output: rateOf(rates, 'output') };
  const { input, output } = price;
  const costNano = sheet === undefined ? 0n : costOf(usage, sheet).costNano;
  if (input === undefined || output === undefined || costNano === 0n) {
    throw new Error(`${MODEL} has no price here, so no budget can be proved with it`);
  }
  return {
    model: MODEL,
    bodies: { whole: bodyOf(false), stream: bodyOf(true) },
    headers: {
      'content-type': 'application/json',
      'x-sandbox-usage': `prompt=${usage.input},completion=${usage.output}`,
      'x-sandbox-pace-ms': String(PACE_MS),
    },
    price: { input, output },
    costNano,
  };
}
