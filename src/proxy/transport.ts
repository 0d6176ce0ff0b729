import { Readable } from 'node:stream';
import type { Timeouts } from '../entities/pool-policy.ts';
import type { Clock } from '../lib/clock.ts';
import type { Member } from '../pool/member.ts';
import { Connections } from './connections.ts';
import { Exchange } from './exchange.ts';
import type { OutgoingBody } from './read-request.ts';

export interface OutgoingRequest {
  method: string;
  path: string;
  headers: Record<string, string>;
  body: OutgoingBody;
  timeouts: Timeouts;
}

/**
 * Connections to upstreams, one agent for each credential: an answer that arrives late on a reused
 * connection can at worst reach another call of the same credential. No redirects are followed,
 * so a credential goes nowhere but to its own origin.
 */
export class Transport {
  readonly #clock: Clock;
  readonly #agents = new Map<string, { member: Member; connections: Connections }>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  send(member: Member, request: OutgoingRequest): Exchange {
    const { method, timeouts, headers } = request;
    const exchange = new Exchange(timeouts, this.#clock);
    const options = {
      method,
      path: member.prefix + request.path,
      headers,
      body: payload(request.body, exchange),
      // Ours are finer, cover every phase and follow the injected clock.
      headersTimeout: 0,
      bodyTimeout: 0,
    };
    this.#connections(member, timeouts).send(options, (giveBack) => {
      exchange.onOver = giveBack;
      return exchange;
    });
    return exchange;
  }

  async close(): Promise<void> {
    await Promise.all([...this.#agents.values()].map(({ connections }) => connections.destroy()));
  }

  #connections(member: Member, timeouts: Timeouts): Connections {
    const agent = this.#agents.get(member.id);
    if (agent?.member === member) return agent.connections;
    // The credential is new or was changed: calls under way finish on the connections they have.
    const isSameOrigin = agent?.member.origin === member.origin;
    if (!isSameOrigin) agent?.connections.close();
    const connections =
      isSameOrigin && agent !== undefined
        ? agent.connections
        : new Connections(member.origin, timeouts.connectMs);
    this.#agents.set(member.id, { member, connections });
    return connections;
  }
}

function payload(body: OutgoingBody, exchange: Exchange): Buffer | Readable | null {
  if (body.kind === 'none') return null;
  if (body.kind === 'bytes') return body.bytes;
  const { head, rest } = body;
  return Readable.from(
    (async function* () {
      yield* head;
      for await (const bytes of rest) {
        exchange.noteSent();
        yield bytes;
      }
    })(),
    { objectMode: false },
  );
}
