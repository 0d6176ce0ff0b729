import type { Anomaly, Exclusion, Outcome } from '../entities/call-record.ts';

/** Why a credential was left out, for people. */
export const EXCLUSIONS: Record<Exclusion, string> = {
  banned: 'banned',
  exhausted: 'out of money or quota',
  suspect: 'refused our credential; being probed',
  cooling: 'rate limited by its provider',
  forbidden: 'may not serve this model',
  ejected: 'its origin keeps failing',
  on_trial: 'another call is trying whether it is well again',
  limited: 'requests or tokens of this minute are used up',
  unknown_balance: 'its balance is not known yet',
  no_model: 'does not serve this model',
};

/** What became of a call, for people. */
export const OUTCOMES: Record<Outcome, string> = {
  settled: 'complete',
  partial: 'ended early; what was produced is charged',
  voided: 'nothing was produced, nothing is charged',
  unknown: 'the process died; charged at the hold',
};

/** What was odd about an answer, for people. */
export const ANOMALIES: Record<Anomaly, string> = {
  usage_rejected: 'the usage it told cannot be believed, so it was estimated',
  usage_low: 'the usage it told is far below what its text implies',
  overrun: 'it cost more than a strict budget was told it could: its key is switched off',
  unfinished: 'it went on after the call, which is charged at its hold',
  no_finish_reason: 'its stream ended without one',
  malformed_event: 'an event of its stream was no JSON',
  other_model: 'it names another model than was asked',
  wrong_shape: 'the list that should hold the answer is missing or empty',
};

/** In records, for whatever credential a caller brought. */
export const CALLER = 'caller';
export const CALLERS_OWN = "the caller's own credential";
