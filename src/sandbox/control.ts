import type { JsonObject } from './json.ts';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { z } from 'zod';
import { ApiError, errorBody } from './api-error.ts';
import { parseJson, readBody } from './body.ts';
import { formatUsd, parseUsd, type Account } from './credits.ts';
import { FAULTS, readFaults } from './faults/index.ts';
import { checkOffer } from './models.ts';
import { accountNamed, type World } from './world.ts';

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
  const [noun, credential = '', part] = url.pathname.slice(CONTROL_PREFIX.length).split('/');
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
      return change(world, accountNamed(world, decodeURIComponent(credential)), body);
    case 'DELETE credentials': {
      const account = accountNamed(world, decodeURIComponent(credential));
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

function show(world: World, account: Account): object {
  return {
    name: account.name,
    balance: formatUsd(account.balanceNano),
    total_used: formatUsd(account.usedNano),
    in_flight: account.inFlight,
    revoked: account.isRevoked,
    models: account.models,
    faults: world.faults.rules(account.name),
  };
}

const balance = z.union([z.string(), z.number()]).transform((value, context) => {
  const nano = parseUsd(`${value}`);
  if (nano === null) context.addIssue('must be decimal USD');
  return nano ?? 0n;
});

/** Fails as `read` does, with its words. */
const judgedBy =
  <Value>(read: (value: Value) => unknown) =>
  (value: Value, context: z.RefinementCtx): Value => {
    try {
      read(value);
    } catch (error) {
      context.addIssue(error instanceof Error ? error.message : String(error));
    }
    return value;
  };

const CHANGE = z
  .strictObject({
    balance,
    revoked: z.boolean(),
    models: z.array(z.string()).transform(judgedBy(checkOffer)).nullable(),
    fault: z.string().transform(judgedBy(readFaults)).nullable(),
    times: z.int().min(1),
    model: z.string(),
    path: z.string(),
    from: z.int().min(1),
  })
  .partial();

function readChange(body: JsonObject): z.infer<typeof CHANGE> {
  const read = CHANGE.safeParse(body);
  const mistakes = (read.error?.issues ?? []).map(
    (issue) => `${issue.path.join('.') || 'body'}: ${issue.message}`,
  );
  if (read.success && typeof read.data.fault !== 'string') {
    for (const name of ['times', 'model', 'path', 'from'] as const) {
      if (read.data[name] !== undefined) mistakes.push(`${name}: there is no fault to limit`);
    }
  }
  if (!read.success || mistakes.length > 0) throw new ApiError(400, `${mistakes.join('; ')}.`);
  return read.data;
}

/** Checks everything before it changes anything. */
function change(world: World, account: Account, body: JsonObject): object {
  const { balance: balanceNano, revoked, models, fault, ...limits } = readChange(body);
  if (typeof fault === 'string') world.faults.set(account.name, fault, limits);
  else if (fault === null) world.faults.clear(account.name);
  if (balanceNano !== undefined) account.balanceNano = balanceNano;
  if (revoked !== undefined) account.isRevoked = revoked;
  if (models !== undefined) account.models = models;
  return show(world, account);
}

function send(response: ServerResponse, status: number, value: object): void {
  const bytes = Buffer.from(JSON.stringify(value));
  response.writeHead(status, {
    'content-type': 'application/json',
    'content-length': bytes.length,
  });
  response.end(bytes);
}
