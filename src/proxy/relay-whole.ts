import type { Anomaly } from '../entities/call-record.ts';
import { renderOpenAiError } from '../errors/openai.ts';
import { anomaliesIn } from './anomalies.ts';
import { costHeader } from './cost-header.ts';
import { NOT_CHARGED, NO_EFFECT, SERVED, chargeable } from './delivery.ts';
import type { Charged, Delivered, Delivery } from './delivery.ts';
import type { Endpoint } from './endpoints/endpoint.ts';
import type { Failure } from './exchange.ts';
import { failureError } from './failure-error.ts';
import { clientHeaders, labelled } from './headers.ts';
import { spokenIn } from './spoken.ts';
import { parseObject, toldUsage } from './usage-readers.ts';

/** Delivers a JSON answer in one piece. */
export async function relayWhole(
  delivery: Delivery,
  { body, failure }: { body: Buffer; failure: Failure | null },
): Promise<Delivered> {
  const { call, exchange, ticket, clock } = delivery;
  if (failure !== null) return await abandoned(delivery, body, failure);
  const read = readAnswer(delivery, body);
  await ticket.durable;
  ticket.firstByteMs = clock.monotonic() - call.startedMs;
  const headers = labelled(clientHeaders(call, exchange.headers), 'application/json');
  headers['content-length'] = String(body.length);
  // What nobody told is counted later.
  if (read.said === undefined) {
    Object.assign(headers, costHeader(delivery.chargeFor(read.usage)));
  }
  call.sink.head(exchange.status, headers);
  call.sink.end(body);
  const { status } = exchange;
  return { status, outcome: 'settled', reason: 'ok', isStream: false, effect: SERVED, ...read };
}

/** Part of the answer was there: the upstream charges for it, though nobody is to have it. */
async function abandoned(delivery: Delivery, body: Buffer, failure: Failure): Promise<Delivered> {
  const { call, ticket } = delivery;
  const charged = body.length === 0 ? NOT_CHARGED : chargeable(delivery, null, body.length);
  const error = failureError(failure);
  const { status, headers, body: told } = renderOpenAiError(error);
  if (failure !== 'client_gone') {
    await ticket.durable;
    call.sink.head(status, { ...headers, 'x-request-id': call.id });
    call.sink.end(told);
  }
  const effect = NO_EFFECT;
  const facts = { outcome: 'partial', isStream: false, anomalies: [] } as const;
  return { ...facts, status, reason: error.code, effect, ...charged };
}

/** What to charge for an answer, and what was odd about it. */
function readAnswer(delivery: Delivery, body: Buffer): Charged & { anomalies: Anomaly[] } {
  const { endpoint, asked, sentModel } = delivery;
  const answer = endpoint.meter.kind === 'usage' ? parseObject(body.toString('utf8')) : null;
  if (endpoint.meter.kind !== 'usage' || answer === null) {
    return { ...chargeable(delivery, null, body.length), anomalies: [] };
  }
  const usage = endpoint.meter.read(answer, asked);
  const spoken = spokenIn(answer);
  const model = typeof answer['model'] === 'string' ? answer['model'] : null;
  const telling = { model, hasUsage: toldUsage(answer) !== null, usage, textChars: spoken.chars };
  const anomalies = anomaliesIn(telling, sentModel);
  if (isUnfinished(answer)) anomalies.push('unfinished');
  if (isHollow(answer, endpoint)) anomalies.push('wrong_shape');
  return { ...chargeable(delivery, usage, spoken.bytes > 0 ? spoken : body.length), anomalies };
}

/** A response in the background (OpenAI), or a completion to be fetched later (xAI). */
const isUnfinished = ({ status, request_id: later, choices }: Record<string, unknown>): boolean =>
  status === 'queued' ||
  status === 'in_progress' ||
  (typeof later === 'string' && choices === undefined);

const isHollow = (answer: Record<string, unknown>, { list }: Endpoint): boolean =>
  list !== undefined && !(Array.isArray(answer[list]) && answer[list].length > 0);
