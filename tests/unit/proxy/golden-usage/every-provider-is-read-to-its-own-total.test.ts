import { describe, expect, test } from '@jest/globals';
import { costOf } from '../../../../src/accounting/prices/cost.ts';
import type { PriceSheet } from '../../../../src/accounting/prices/price-row.ts';
import { noUsage, tokensIn } from '../../../../src/entities/usage.ts';
import { SseEvent } from '../../../../src/lib/sse.ts';
import type { Endpoint } from '../../../../src/proxy/endpoints/endpoint.ts';
import { endpoints } from '../../../../src/proxy/endpoints/index.ts';
import type { StreamReader } from '../../../../src/proxy/stream-reader.ts';
import { beside } from './beside.ts';
import { compatible } from './compatible.ts';
import type { Golden, Prices } from './golden.ts';
import { openai } from './openai.ts';
import { streams } from './streams.ts';
import { unbelievable } from './unbelievable.ts';

const ASKED = { model: 'm', fields: {}, bytes: 0 };
const NANO_DIGITS = 9;

/** `0.075` dollars are 75,000,000 nano-dollars, read digit by digit. */
function nanoDollars(decimal: string): bigint {
  const [whole = '0', fraction = ''] = decimal.split('.');
  return BigInt(whole + fraction.padEnd(NANO_DIGITS, '0'));
}

const sheetOf = (prices: Prices): PriceSheet => ({
  rates: Object.fromEntries(Object.entries(prices).map(([name, usd]) => [name, nanoDollars(usd)])),
  tiers: [],
});

function endpointOf(id: string): Endpoint {
  const found = endpoints.find((endpoint) => endpoint.id === id);
  if (found === undefined) throw new Error(`there is no endpoint ${id}`);
  return found;
}

function readPlain({ meter }: Endpoint, usage: unknown) {
  return meter.kind === 'usage' ? meter.read({ usage }, ASKED) : null;
}

function noteAll(reader: StreamReader, events: readonly object[]): StreamReader {
  for (const event of events) {
    reader.note(new SseEvent(Buffer.from(`data: ${JSON.stringify(event)}\n\n`)));
  }
  return reader;
}

/** The usage in the last event of the endpoint's stream. */
const lastEvent: Readonly<Record<string, (usage: unknown) => object>> = {
  'chat.completions': (usage) => ({ choices: [], usage }),
  completions: (usage) => ({ choices: [], usage }),
  responses: (usage) => ({ type: 'response.completed', response: { usage } }),
  'images.generations': (usage) => ({ type: 'image_generation.completed', usage }),
  'images.edits': (usage) => ({ type: 'image_edit.completed', usage }),
  'audio.transcriptions': (usage) => ({ type: 'transcript.text.done', usage }),
  'audio.translations': (usage) => ({ type: 'transcript.text.done', usage }),
};

const rows = [...openai, ...beside, ...compatible].flatMap((golden) =>
  golden.endpoints.map((id) => [`${golden.name} (${id})`, golden, endpointOf(id)] as const),
);

describe('told plainly', () => {
  test.each(rows)('%s', (_name, golden: Golden, endpoint: Endpoint) => {
    const usage = readPlain(endpoint, golden.usage);
    expect(usage).toEqual({ ...noUsage(), ...golden.units });
    if (golden.total !== null) expect(usage === null ? null : tokensIn(usage)).toBe(golden.total);
  });
});

describe('told by a stream', () => {
  const streaming = rows.filter(([, , { stream }]) => stream !== undefined);
  test.each(streaming)('%s', (_name, golden: Golden, { id, stream }: Endpoint) => {
    const event = lastEvent[id]?.(golden.usage) ?? {};
    const reader = stream === undefined ? null : noteAll(stream(), [event]);
    expect(reader?.usage).toEqual({ ...noUsage(), ...golden.units });
  });

  test.each(streams)('$name', ({ endpoint, events, units }) => {
    const reader = endpointOf(endpoint).stream?.();
    if (reader === undefined) throw new Error(`${endpoint} never streams`);
    const { usage } = noteAll(reader, events);
    expect(usage).toEqual(units === null ? null : { ...noUsage(), ...units });
  });
});

test.each(rows)('the cost of %s', (_name, { units, prices, cost }: Golden) => {
  expect(costOf({ ...noUsage(), ...units }, sheetOf(prices))).toEqual({
    costNano: nanoDollars(cost),
    unpriced: [],
  });
});

describe('not believed, plain or streamed:', () => {
  test.each(unbelievable)('%s', (_name, usage) => {
    const endpoint = endpointOf('chat.completions');
    expect(readPlain(endpoint, usage)).toBeNull();
    const reader = endpoint.stream?.();
    if (reader === undefined) throw new Error('chat never streams');
    expect(noteAll(reader, [{ choices: [], usage }]).usage).toBeNull();
  });
});
