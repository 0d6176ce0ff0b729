import { z } from 'zod';
import { banDuration, duration } from './fields.ts';

/** Judged also where other fields are wrong, so that all mistakes come at once. */
const always = { when: () => true };

const isInOrder = (span: { duration: unknown; duration_max: unknown }) =>
  typeof span.duration !== 'number' ||
  typeof span.duration_max !== 'number' ||
  span.duration <= span.duration_max;

const outOfOrder = { path: ['duration_max'], error: 'must not be less than duration', ...always };

export const confirmedBan = z
  .strictObject({
    duration: duration.prefault('60s').describe('The first; each further one is twice as long.'),
    duration_max: duration.prefault('15m').describe('The longest, also of escalating `bans`.'),
  })
  .refine(isInOrder, outOfOrder)
  .prefault({});

export const ejection = z
  .strictObject({
    failures: z.number().int().min(1).max(1000).default(5).describe('So many in a row.'),
    duration: duration.prefault('30s').describe('The first; each further one is twice as long.'),
    duration_max: duration.prefault('5m').describe('The longest.'),
  })
  .refine(isInOrder, outOfOrder)
  .prefault({});

/** As long as any 429 sets a credential aside, whatever it says. */
const COOLING_MAX_MS = 3_600_000;

export const rateLimited = z
  .strictObject({
    scope: z
      .enum(['model', 'credential'])
      .default('model')
      .describe('What is set aside: the credential for that model, or as a whole.'),
    duration: duration
      .refine((ms) => ms <= COOLING_MAX_MS, 'must not be more than 1h')
      .nullable()
      .prefault(null)
      .describe('For so long, up to 1h. null: as the answer says, else 1 s doubling up to 60 s.'),
  })
  .prefault({});

/** What a client can cause with any credential: counting it would let clients ban credentials. */
const CLIENT_FAULTS = new Set([400, 404, 405, 413, 415, 422]);

const code = z
  .number()
  .int()
  .min(400)
  .max(599)
  .refine((status) => !CLIENT_FAULTS.has(status), "is the client's fault and bans no credential");

const attempts = z.number().int().min(1).max(1000);

const codeRule = z.strictObject({
  code: code.describe('Counted by itself, also if `error_codes` has it.'),
  max_attempts: attempts.optional().describe('As in `bans`, unless given.'),
  ban_duration: banDuration.optional().describe('As in `bans`, unless given.'),
});

const list = (value: unknown): unknown[] => (Array.isArray(value) ? value : []);

/** System D's `fail2ban`, under its names, with a window and longer terms for those who relapse. */
export const bans = z
  .strictObject({
    max_attempts: attempts.default(3).describe('Failures that ban a credential for a model.'),
    ban_duration: banDuration
      .prefault('permanent')
      .describe('Empty or `permanent`: until somebody lifts it.'),
    error_codes: z
      .array(code)
      .default([])
      .describe('Statuses counted together; a connection that failed counts as 502.'),
    error_code_rules: z.array(codeRule).prefault([]).describe('Statuses with counts of their own.'),
    window: duration
      .optional()
      .describe('Older failures do not count. Absent: all since the last success do.'),
    escalate: z
      .boolean()
      .default(false)
      .describe('Each further ban is twice as long, up to `confirmed_ban.duration_max`.'),
  })
  .refine((given) => list(given.error_codes).length + list(given.error_code_rules).length > 0, {
    error: 'needs error_codes or error_code_rules; without counted bans, write null',
    ...always,
  })
  .refine(
    (given) => {
      const codes = list(given.error_code_rules).map((rule) => (rule as { code?: unknown })?.code);
      return new Set(codes).size === codes.length;
    },
    { path: ['error_code_rules'], error: 'each code may have one rule', ...always },
  );

/** 401 and 403 that our own probe does not confirm, but that keep coming. */
export const DEFAULT_BANS = {
  max_attempts: 3,
  ban_duration: '60s',
  error_codes: [401, 403],
  window: '5m',
  escalate: true,
};
