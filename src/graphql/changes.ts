import type { BanEvidence, BanReason } from '../entities/ban.ts';
import type { Event } from '../entities/event.ts';
import { nanoFromUsd } from '../lib/money.ts';
import type {
  BanChange,
  BudgetAlert,
  Change,
  KeyChange,
  ProviderHealthChange,
} from './types/changes.ts';

/** What an event noted, by name; what is not there is null. */
type Noted = (name: string) => unknown;

/** What is so now counts before what was. */
function notedIn({ before, after }: Event): Noted {
  const all = { ...(before as object | null), ...(after as object | null) };
  return (name) => (all as Record<string, unknown>)[name] ?? null;
}

const text = (value: unknown): string | null => (typeof value === 'string' ? value : null);
const whole = (value: unknown): number | null => (Number.isInteger(value) ? Number(value) : null);
const number = (value: unknown): number | null => (Number.isFinite(value) ? Number(value) : null);
const time = (value: unknown): Date | null => (typeof value === 'string' ? new Date(value) : null);

const change = ({ seq, at, type, actor, requestId }: Event): Pick<Change, keyof Change> => ({
  seq,
  at,
  type,
  actor,
  requestId,
});

/** `imposed` of `credential_ban.imposed`. */
const lastWord = ({ type }: Event): string => type.slice(type.indexOf('.') + 1);

export const keyChange = (event: Event): KeyChange => ({
  ...change(event),
  keyId: event.subject,
  before: event.before,
  after: event.after,
});

export function banChange(event: Event): BanChange {
  const noted = notedIn(event);
  return {
    ...change(event),
    step: lastWord(event),
    credentialId: event.subject,
    banId: text(noted('ban')),
    model: text(noted('model')),
    reason: text(noted('reason')) as BanReason | null,
    until: time(noted('until')),
    evidence: noted('evidence') as BanEvidence | null,
    note: text(noted('note')),
  };
}

export function budgetAlert(event: Event): BudgetAlert {
  const noted = notedIn(event);
  return {
    ...change(event),
    budgetId: event.subject,
    percent: number(noted('percent')) ?? 0,
    spent: nanoFromUsd(text(noted('spent')) ?? '0'),
    cap: nanoFromUsd(text(noted('cap')) ?? '0'),
    periodStart: time(noted('periodStart')) ?? event.at,
  };
}

export function providerHealthChange(event: Event): ProviderHealthChange {
  const noted = notedIn(event);
  const isOrigin = event.type.startsWith('origin_health.');
  return {
    ...change(event),
    state: lastWord(event),
    credentialId: isOrigin ? null : event.subject,
    origin: isOrigin ? event.subject : null,
    model: text(noted('model')),
    until: time(noted('until')),
    status: whole(noted('status')),
    cause: text(noted('cause')) ?? text(noted('verdict')),
  };
}
