import type { Event } from '../../entities/event.ts';
import type { Event as EventMessage } from '../generated/tollgate/v1/Event.ts';
import { toldTime } from './time.ts';

export const toldEvent = (event: Event): EventMessage => ({
  seq: event.seq,
  at: toldTime(event.at.getTime()),
  type: event.type,
  subject: event.subject,
  actor: event.actor,
  requestId: event.requestId ?? '',
  beforeJson: json(event.before),
  afterJson: json(event.after),
});

const json = (facts: unknown): string => (facts === null ? '' : JSON.stringify(facts));
