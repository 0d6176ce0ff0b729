import { z } from 'zod';
import { credential } from './credential-schema.ts';
import { duration, name, usd } from './fields.ts';
import { bans, confirmedBan, DEFAULT_BANS, ejection, rateLimited } from './health-schema.ts';
import { modelRule } from './model-rule-schema.ts';
import { presetNames, withPreset } from './pool-presets.ts';

const ms = z.number().int().min(1).max(86_400_000);

const timeouts = z
  .strictObject({
    connect_ms: ms.default(5000).describe('To open a connection.'),
    first_byte_ms: ms.default(60_000).describe('Request sent to first byte of the answer.'),
    idle_ms: ms.default(60_000).describe('Between two pieces of an answer.'),
    total_ms: ms.default(600_000).describe('The whole call, every attempt included.'),
  })
  .prefault({});

/** All of a pool but its credentials. */
const terms = z.strictObject({
  name: name.describe('Unique.'),
  preset: z
    .enum(presetNames)
    .default('default')
    .describe('What fields that are not given are; the defaults below are those of `default`.'),
  strategy: z
    .string()
    .default('round_robin')
    .describe('Order in which credentials are tried; see `docs/routing.md`.'),
  attempts_max: z
    .number()
    .int()
    .min(1)
    .max(10)
    .default(3)
    .describe('Upstream calls at most for one client call.'),
  passthrough: z
    .boolean()
    .default(false)
    .describe('Send unknown `/v1` paths upstream (recorded as unpriced) instead of answering 404.'),
  unpriced: z
    .enum(['refuse', 'record'])
    .default('record')
    .describe('A model without a price: refuse the call, or serve it and record it as unpriced.'),
  min_credit: usd
    .default('0.01')
    .describe('Credentials known to have no more than this (USD) are not chosen.'),
  timeouts,
  models: z.array(modelRule).prefault([]).describe('The most specific rule for a name applies.'),
  discover_models: z
    .boolean()
    .default(true)
    .describe('Ask the provider of each credential which models it serves.'),
  caller_credentials: z
    .boolean()
    .default(false)
    .describe('Callers may bring a provider credential of their own in a header.'),
  heartbeat: duration
    .nullable()
    .prefault(null)
    .describe('Send a comment into a stream that was silent for so long; null: never.'),
  unauthorized: z
    .enum(['probe', 'ignore'])
    .default('probe')
    .describe('After 401 or 403: ask the provider ourselves and ban what it refuses, or do not.'),
  confirmed_ban: confirmedBan.describe('A ban that our own probe confirmed.'),
  rate_limited: rateLimited.describe('After 429.'),
  bans: bans.nullable().prefault(DEFAULT_BANS).describe('Bans by counting failures; null: none.'),
  ejection: ejection.describe('When an origin that fails is left alone.'),
});

const fields = terms
  .extend({
    credentials: z
      .array(credential)
      .prefault([])
      .describe('At least one, unless callers bring their own.'),
  })
  .refine(
    ({ credentials, caller_credentials: isOpen }) =>
      isOpen || !Array.isArray(credentials) || credentials.length > 0,
    {
      path: ['credentials'],
      error: 'needs at least one, unless callers bring their own (caller_credentials)',
      // Also where other fields are wrong, so that all mistakes come at once.
      when: () => true,
    },
  );

/** A pool of `tollgate.yaml`, its preset applied. */
export const poolSchema = z.preprocess(withPreset, fields);

/** One that credentials are added to by and by, its preset applied. */
export const poolTermsSchema = z.preprocess(withPreset, terms);

export type PoolTerms = z.output<typeof poolTermsSchema>;
