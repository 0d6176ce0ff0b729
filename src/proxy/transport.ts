import { Readable } from 'node:stream';
import { Pool as Connections } from 'undici';
import type { Timeouts } from '../entities/pool-policy.ts';
import type { Clock } from '../lib/clock.ts';
import type { Member } from '../pool/member.ts';
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
    const exchange = new Exchange(request.timeouts, this.#clock);
    this.#connections(member, request.timeouts).dispatch(
      {
        method: request.method,
        path: member.prefix + request.path,
        headers: request.headers,
        body: payload(request.body, exchange),
        // Ours are finer, cover every phase and follow the injected clock.
        headersTimeout: 0,
        bodyTimeout: 0,
      },
      exchange,
    );
    return exchange;
  }

  async close(): Promise<void> {
    await Promise.all([...this.#agents.values()].map(({ connections }) => connections.destroy()));
  }

  #connections(member: Member, timeouts: Timeouts): Connections {
    const agent = this.#agents.get(member.id);
    if (agent?.member === member) return agent.connections;
    // The credential is new or was changed: calls under way finish on the connections they have.
    if (agent?.member.origin === member.origin) {
      this.#agents.set(member.id, { member, connections: agent.connections });
      return agent.connections;
    }
    if (agent !== undefined) void agent.connections.close();
    const connections = new Connections(member.origin, {
      connections: null,
      pipelining: 1,
      allowH2: false,
      connect: { timeout: timeouts.connectMs },
    });
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
