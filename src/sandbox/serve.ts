import type { IncomingMessage, ServerResponse } from 'node:http';
import { ApiError, errorAnswer } from './api-error.ts';
import type { Answer } from './answer.ts';
import { parseJson, readBody, type ReadBody } from './body.ts';
import type { Call } from './call.ts';
import { readControls, type Controls } from './controls.ts';
import type { Account } from './credits.ts';
import { findRoute, type Route } from './endpoints/index.ts';
import { readFaults } from './faults/index.ts';
import type { FaultTarget, Strike } from './faults/plan.ts';
import { asksForStream } from './fields.ts';
import { emptyForm, parseForm } from './form.ts';
import { CallRecord } from './call-record.ts';
import { replyHeaders } from './reply-headers.ts';
import { scriptOf, type Step } from './script.ts';
import type { World } from './world.ts';

/** What is known of a request before its body. */
interface Arrival {
  world: World;
  request: IncomingMessage;
  record: CallRecord;
  account: Account;
  route: Route;
  controls: Controls;
}

/** Serves one `/v1` request from its first line to its last byte. */
export async function serve(
  world: World,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const [path = '/'] = (request.url ?? '/').split('?', 1);
  const record = new CallRecord(world, { request, response, path });
  let steps: Step[];
  try {
    const arrival = arrive(world, request, record);
    const early = earlyStrike(arrival);
    const body =
      early === null
        ? await readBody(request, (size) => (record.requestBytes = size))
        : { bytes: Buffer.alloc(0), isWhole: true };
    if (!body.isWhole) return;
    steps = await answerSteps(arrival, body, early);
  } catch (error) {
    steps = plainSteps(record, errorAnswer(error));
  }
  record.play(steps);
}

/** Authenticates and finds the endpoint; throws 401, 404 or 400. */
function arrive(world: World, request: IncomingMessage, record: CallRecord): Arrival {
  const account = world.accountByAuthorization.get(request.headers.authorization ?? '');
  if (account === undefined) throw wrongKey();
  record.credit(account);
  if (account.isRevoked) throw wrongKey();
  const route = findRoute(request.method ?? 'GET', record.path);
  if (route === null) throw new ApiError(404, `Invalid URL (${request.method} ${record.path})`);
  const controls = readControls(request.headers, world.defaults);
  return { world, request, record, account, route, controls };
}

const wrongKey = (): ApiError =>
  new ApiError(401, 'Incorrect API key provided.', { code: 'invalid_api_key' });

/** A fault that does not wait for the body; a header beats the plan. */
function earlyStrike(arrival: Arrival): Strike | null {
  const asked = askedStrike(arrival.controls);
  if (asked !== null) return asked.faults.some((each) => each.fault.isBeforeBody) ? asked : null;
  return arrival.world.faults.take(targetOf(arrival, null, true));
}

function askedStrike(controls: Controls): Strike | null {
  if (controls.fault === null) return null;
  return { text: controls.fault, faults: readFaults(controls.fault) };
}

function targetOf(arrival: Arrival, model: string | null, isBeforeBody: boolean): FaultTarget {
  return {
    credential: arrival.account.name,
    model,
    path: arrival.record.path,
    isMetered: arrival.route.endpoint.isMetered,
    ordinal: arrival.record.place.ordinal,
    isBeforeBody,
  };
}

/** Parses, picks the fault, lets the endpoint answer and the fault have its way with it. */
async function answerSteps(
  arrival: Arrival,
  body: ReadBody,
  early: Strike | null,
): Promise<Step[]> {
  const { world, record, controls } = arrival;
  let call: Call | null = null;
  let refusal: unknown = null;
  try {
    if (early === null) call = await readCall(arrival, body);
  } catch (error) {
    refusal = error;
  }
  const model = record.model;
  const strike =
    early ?? askedStrike(controls) ?? world.faults.take(targetOf(arrival, model, false));
  const forced = strike?.faults.findLast((each) => each.fault.isStream !== undefined);
  if (call !== null && forced?.fault.isStream !== undefined) call.isStream = forced.fault.isStream;
  let answer = call === null ? errorAnswer(refusal) : answerCall(arrival, call);
  if (strike === null) return plainSteps(record, answer, controls.paceMs);
  record.fault = strike.text;
  const authorization = arrival.request.headers.authorization ?? '';
  for (const { fault, params } of strike.faults) {
    answer = fault.answer?.(answer, params, { authorization }) ?? answer;
  }
  let steps = plainSteps(record, answer, controls.paceMs);
  for (const { fault, params } of strike.faults) steps = fault.script?.(steps, params) ?? steps;
  return steps;
}

async function readCall(arrival: Arrival, { bytes }: ReadBody): Promise<Call> {
  const { world, request, record, account, route, controls } = arrival;
  const wanted = route.endpoint.body;
  const json = wanted === 'json' ? parseJson(bytes) : {};
  const form = wanted === 'form' ? await parseForm(request.headers, bytes) : emptyForm;
  const model = json['model'] ?? form.fields['model'];
  record.model = typeof model === 'string' ? model : null;
  record.isStream = wanted === 'json' ? asksForStream(json) : form.fields['stream'] === 'true';
  return {
    id: record.callId,
    method: request.method ?? 'GET',
    path: record.path,
    query: new URLSearchParams((request.url ?? '').slice(record.path.length)),
    params: route.params,
    account,
    json,
    form,
    isStream: record.isStream,
    controls,
    createdAt: Math.floor(world.clock.now() / 1000),
  };
}

function answerCall({ account, route }: Arrival, call: Call): Answer {
  try {
    if (route.endpoint.isMetered && account.balanceNano <= 0n) {
      throw new ApiError(402, 'Insufficient credits: this account has no balance left.', {
        type: 'insufficient_quota',
        code: 'insufficient_quota',
      });
    }
    return route.endpoint.answer(call);
  } catch (error) {
    return errorAnswer(error);
  }
}

function plainSteps(record: CallRecord, answer: Answer, paceMs = 0): Step[] {
  record.answer = answer;
  return scriptOf(answer, replyHeaders(record.callId, record.elapsedMs), paceMs);
}
