import type { Anomaly, Exclusion, Outcome } from '../entities/call-record.ts';
import type { RemoteCallKind } from '../entities/remote-call.ts';

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

const OUTCOMES: Record<Outcome, string> = {
  settled: 'complete',
  partial: 'ended early; what was produced is charged',
  voided: 'nothing was produced, nothing is charged',
  unknown: 'the process died; charged at the hold',
};

/** Of calls that other services made, by reason and outcome. */
const REMOTE_ENDS: Readonly<Record<string, string>> = {
  'released voided': 'its service did not make it; what was held was given back',
  'expired voided':
    'its service did not say in time what became of it; what was held was given back',
  'expired unknown': 'its service did not say in time what became of it; charged at the hold',
};

/** What became of a call, for people. */
export const whatHappened = ({ outcome, reason }: { outcome: Outcome; reason: string }): string =>
  REMOTE_ENDS[`${reason} ${outcome}`] ?? OUTCOMES[outcome];

/** How another service came to have a call here, for people. */
export const REMOTE_KINDS: Record<RemoteCallKind, string> = {
  usage: 'recorded by another service when it was over',
  reservation: 'reserved by another service before it was made',
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
