import type { JsonObject } from './json.ts';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { ApiError, errorBody } from './api-error.ts';
import { parseJson, readBody } from './body.ts';
import { formatUsd, parseUsd, type Account } from './credits.ts';
import { FAULTS } from './faults/index.ts';
import type { World } from './world.ts';

export const CONTROL_PREFIX = '/__sandbox/';

/** The control surface. It has no authentication: the sandbox belongs on a loopback address. */
export async function control(
  world: World,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  try {
    const url = new URL(request.url ?? '/', 'http://sandbox');
    const { bytes } = await readBody(request);
    const body = bytes.length === 0 ? {} : parseJson(bytes);
    send(response, 200, dispatch(world, { method: request.method ?? 'GET', url, body }));
  } catch (error) {
    const known = error instanceof ApiError ? error : new ApiError(500, String(error));
    send(response, known.status, errorBody(known.message, known));
  }
}

interface ControlCall {
  method: string;
  url: URL;
  body: JsonObject;
}

function dispatch(world: World, { method, url, body }: ControlCall): object {
  const [noun, credential, part] = url.pathname.slice(CONTROL_PREFIX.length).split('/');
  switch (`${method} ${noun}`) {
    case 'GET witness':
      return witnessPage(world, url.searchParams.get('after'));
    case 'GET faults':
      return {
        faults: FAULTS.map(({ name, description, params = {} }) => ({ name, description, params })),
      };
    case 'GET credentials':
      return { credentials: world.accounts.map((account) => show(world, account)) };
    case 'PUT credentials':
      return change(world, accountNamed(world, credential), body);
    case 'DELETE credentials': {
      const account = accountNamed(world, credential);
      if (part !== 'fault') break;
      world.faults.clear(account.name);
      return show(world, account);
    }
    default:
  }
  throw new ApiError(404, `There is no ${method} ${url.pathname}.`);
}

function witnessPage(world: World, after: string | null): object {
  const seq = Number(after ?? '0');
  if (!Number.isInteger(seq) || seq < 0)
    throw new ApiError(400, 'after must be a sequence number.');
  const entries = world.witness.after(seq);
  return { entries, next: entries.at(-1)?.seq ?? seq, dropped: world.witness.dropped };
}

function accountNamed(world: World, name: string | undefined): Account {
  const account = world.accountByName.get(decodeURIComponent(name ?? ''));
  if (account === undefined) throw new ApiError(404, `There is no credential '${name}'.`);
  return account;
}

function show(world: World, account: Account): object {
  return {
    name: account.name,
    balance: formatUsd(account.balanceNano),
    total_used: formatUsd(account.usedNano),
    in_flight: account.inFlight,
    faults: world.faults.rules(account.name),
  };
}

/** Checks everything before it changes anything. */
function change(world: World, account: Account, body: JsonObject): object {
  const balanceNano = body['balance'] === undefined ? null : readBalance(body['balance']);
  const { fault, times, model, path } = body;
  if (fault !== undefined && fault !== null) {
    if (typeof fault !== 'string') throw new ApiError(400, 'fault must be a string.');
    world.faults.set(account.name, fault, {
      ...(times === undefined ? {} : { times: readTimes(times) }),
      ...(typeof model === 'string' ? { model } : {}),
      ...(typeof path === 'string' ? { path } : {}),
    });
  } else if (fault === null) {
    world.faults.clear(account.name);
  }
  if (balanceNano !== null) account.balanceNano = balanceNano;
  return show(world, account);
}

function readBalance(value: unknown): bigint {
  const nano = typeof value === 'string' || typeof value === 'number' ? parseUsd(`${value}`) : null;
  if (nano === null) throw new ApiError(400, 'balance must be decimal USD.');
  return nano;
}

function readTimes(value: unknown): number {
  if (typeof value !== 'number' || !Number.isInteger(value) || value < 1) {
    throw new ApiError(400, 'times must be a whole number above 0.');
  }
  return value;
}

function send(response: ServerResponse, status: number, value: object): void {
  const bytes = Buffer.from(JSON.stringify(value));
  response.writeHead(status, {
    'content-type': 'application/json',
    'content-length': bytes.length,
  });
  response.end(bytes);
}
