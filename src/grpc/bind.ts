import { Metadata } from '@grpc/grpc-js';
import type {
  ServiceDefinition,
  UntypedHandleCall,
  UntypedServiceImplementation,
  handleBidiStreamingCall,
  handleServerStreamingCall,
  handleUnaryCall,
} from '@grpc/grpc-js';
import type { Writable } from 'node:stream';
import { GatewayError } from '../errors/gateway-error.ts';
import { SlowConsumer } from '../lib/broadcast.ts';
import { askedUntil } from './asked-until.ts';
import type { Journal } from './journal.ts';
import type { OpenRpc } from './open-rpc.ts';
import { rpcOf } from './open-rpc.ts';
import type { OpenRpcs } from './open-rpcs.ts';
import type { Exchange, Unary, Watch } from './rpc.ts';
import { statusOf } from './status.ts';

export interface BindParts {
  rpcs: Pick<OpenRpcs, 'begin' | 'leave'>;
  journal: Pick<Journal, 'failed'>;
}

/** A message; what is in it is between the generated types and the method. */
type Message = never;
type AnyMethod = Unary<Message, unknown> | Watch<Message, unknown> | Exchange<Message, unknown>;

/** The methods of a service as grpc-js wants them; every method of its definition has to be there. */
export function bind(
  definition: ServiceDefinition,
  methods: object,
  parts: BindParts,
): UntypedServiceImplementation {
  const named = methods as Readonly<Record<string, AnyMethod | undefined>>;
  const handlers = Object.entries(definition).map(([name, { requestStream, responseStream }]) => {
    const method = named[name];
    if (method === undefined) throw new Error(`the method ${name} is nowhere`);
    const way = requestStream ? exchange : responseStream ? watch : unary;
    return [name, way(method as never, parts)] as const;
  });
  return Object.fromEntries<UntypedHandleCall>(handlers);
}

const unary =
  (method: Unary<unknown, unknown>, parts: BindParts): handleUnaryCall<unknown, unknown> =>
  (call, callback) => {
    const rpc = rpcOf(call);
    const answer = async () => {
      try {
        callback(null, await method(call.request, rpc.context));
      } catch (thrown) {
        callback(told(thrown, rpc, parts));
      }
    };
    void run(rpc, parts, answer);
  };

const watch =
  (
    method: Watch<unknown, unknown>,
    parts: BindParts,
  ): handleServerStreamingCall<unknown, unknown> =>
  (call) => {
    const rpc = rpcOf(call);
    void run(rpc, parts, async () => {
      const answers = await method(call.request, rpc.context);
      // Now, so that it is known to stand also while there is nothing to tell.
      call.sendMetadata(new Metadata());
      await send(answers, call, rpc);
    }).catch((thrown: unknown) => fail(thrown, call, rpc, parts));
  };

const exchange =
  (
    method: Exchange<unknown, unknown>,
    parts: BindParts,
  ): handleBidiStreamingCall<unknown, unknown> =>
  (call) => {
    const rpc = rpcOf(call);
    void run(rpc, parts, async () => {
      const answers = method(askedUntil(rpc.signal, call), rpc.context);
      call.sendMetadata(new Metadata());
      await send(answers, call, rpc);
    }).catch((thrown: unknown) => fail(thrown, call, rpc, parts));
  };

/** The place of a call is free when its work is done and its caller has the answer, or has left. */
async function run(rpc: OpenRpc, { rpcs }: BindParts, work: () => Promise<void>): Promise<void> {
  if (!rpcs.begin(rpc)) return;
  try {
    await work();
  } finally {
    rpc.done();
    rpcs.leave(rpc);
  }
}

/** One after the other, no faster than the caller takes them, until there are no more or it is over. */
async function send(answers: AsyncIterable<unknown>, call: Writable, rpc: OpenRpc): Promise<void> {
  const { signal } = rpc;
  const source = answers[Symbol.asyncIterator]();
  // A source that waits hears of it here.
  const leave = () => void source.return?.().catch(() => undefined);
  signal.addEventListener('abort', leave, { once: true });
  if (signal.aborted) leave();
  for (let step = await source.next(); step.done !== true; step = await source.next()) {
    // Nobody takes it; the source comes to its end all the same.
    if (rpc.isEnded) continue;
    if (!call.write(step.value)) await rpc.whileTaken(taken(call));
  }
  // It was to come to its end, and has: what it wrote is sent before the reason.
  signal.throwIfAborted();
  call.end();
}

/** Resolves when there is room again, or when nobody takes anything any more. */
const taken = (call: Writable): Promise<void> =>
  new Promise((resolve) => {
    const done = () => {
      call.off('drain', done).off('close', done);
      resolve();
    };
    call.on('drain', done).on('close', done);
  });

/** After what was written. */
function fail(thrown: unknown, call: Writable, rpc: OpenRpc, parts: BindParts): void {
  const status = told(thrown, rpc, parts);
  if (!rpc.isEnded) call.emit('error', status);
}

function told(thrown: unknown, rpc: OpenRpc, { journal }: BindParts) {
  const error = thrown instanceof SlowConsumer ? TOO_SLOW : GatewayError.from(thrown);
  journal.failed(rpc, error);
  return statusOf(error, rpc.requestId);
}

const TOO_SLOW = new GatewayError(
  'overloaded',
  'Too slow: read faster, or ask for less. Go on where you were.',
);
