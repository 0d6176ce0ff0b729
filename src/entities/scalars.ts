import {
  GraphQLDateTimeISO,
  GraphQLJSON,
  GraphQLJSONObject,
  GraphQLSafeInt,
} from 'graphql-scalars';
import { GraphQLError, GraphQLScalarType, Kind } from 'graphql';
import { nanoFromUsd, usdFromNano } from '../lib/money.ts';

export { GraphQLJSON as Json, GraphQLJSONObject as JsonObject, GraphQLSafeInt as SafeInt };

/** A date or epoch milliseconds inside, a date where it comes in. */
export const DateTime = new GraphQLScalarType<Date, string>({
  ...GraphQLDateTimeISO.toConfig(),
  name: 'DateTime',
  description: 'A moment as ISO 8601 text with its offset, such as "2026-05-06T12:00:00Z".',
});

/** Nano-USD inside; exact decimal text outside, because JSON numbers are not exact. */
export const Usd = new GraphQLScalarType<bigint, string>({
  name: 'USD',
  description:
    'An amount of money in US dollars, as exact decimal text such as "0.0043428"; nine decimal places at most. Input may be a number too.',
  serialize(value) {
    if (typeof value !== 'bigint') throw new GraphQLError('USD is made of nano-dollars');
    return usdFromNano(value);
  },
  parseValue: dollars,
  parseLiteral(node) {
    const isAmount =
      node.kind === Kind.STRING || node.kind === Kind.FLOAT || node.kind === Kind.INT;
    return dollars(isAmount ? node.value : undefined);
  },
});

function dollars(value: unknown): bigint {
  const isText = typeof value === 'string' || typeof value === 'number';
  try {
    if (isText) return nanoFromUsd(value);
  } catch {
    // Told below.
  }
  throw new GraphQLError('USD must be an amount in dollars, such as "25" or "0.05"');
}
