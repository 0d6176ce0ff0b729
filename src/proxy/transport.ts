import type { LookupFunction } from 'node:net';
import { Readable } from 'node:stream';
import type { Timeouts } from '../entities/pool-policy.ts';
import type { Clock } from '../lib/clock.ts';
import type { Member } from '../pool/member.ts';
import { CALLER } from './caller-credential.ts';
import { Connections } from './connections.ts';
import { Exchange } from './exchange.ts';
import type { OutgoingBody } from './read-request.ts';

export interface OutgoingRequest {
  method: string;
  path: string;
  headers: Record<string, string>;
  body: OutgoingBody;
  /** Asked once the connection is there. */
  mayStart(): boolean;
  /** On a new connection: the one before was found closed. */
  isFresh: boolean;
}

/** Callers whose connections are kept. */
const CALLERS_MAX = 100;

/**
 * Connections to upstreams, one agent for each credential: an answer that arrives late on a reused
 * connection can at worst reach another call of the same credential. No redirects are followed,
 * so a credential goes nowhere but to its own origin.
 */
export class Transport {
  readonly #clock: Clock;
  readonly #lookup: LookupFunction;
  readonly #agents = new Map<string, { member: Member; connections: Connections }>();

  constructor(clock: Clock, lookup: LookupFunction) {
    this.#clock = clock;
    this.#lookup = lookup;
  }

  /** One that is not under way yet: it can be aborted, and its time runs. */
  exchange(timeouts: Timeouts): Exchange {
    return new Exchange(timeouts, this.#clock);
  }

  send(exchange: Exchange, member: Member, request: OutgoingRequest): void {
    const { method, headers, isFresh } = request;
    const options = {
      method,
      path: member.prefix + request.path,
      headers,
      body: payload(request.body, exchange),
      // Ours are finer, cover every phase and follow the injected clock.
      headersTimeout: 0,
      bodyTimeout: 0,
    };
    this.#connections(member).send(options, { isFresh }, (line) => {
      exchange.onOver = line.giveBack;
      exchange.startWhen({ ...line, mayStart: request.mayStart });
      return exchange;
    });
    exchange.awaitConnection();
  }

  /** Connections of credentials that are gone are closed once their calls have ended. */
  keepOnly(isThere: (credentialId: string) => boolean): void {
    for (const [id, { member, connections }] of this.#agents) {
      if (isCallers(member) || isThere(id)) continue;
      this.#agents.delete(id);
      connections.close();
    }
  }

  /** Credentials, and callers, whose connections are kept. */
  get size(): number {
    return this.#agents.size;
  }

  async close(): Promise<void> {
    await Promise.all([...this.#agents.values()].map(({ connections }) => connections.destroy()));
  }

  /** What callers brought is not known to be gone: the oldest goes, when there are too many. */
  #makeRoom(): void {
    const callers = [...this.#agents.values()].filter(({ member }) => isCallers(member));
    for (const { member, connections } of callers.slice(0, -CALLERS_MAX)) {
      this.#agents.delete(member.id);
      connections.close();
    }
  }

  #connections(member: Member): Connections {
    const agent = this.#agents.get(member.id);
    if (agent?.member === member) return agent.connections;
    if (isCallers(member)) this.#makeRoom();
    // The credential is new or was changed: calls under way finish on the connections they have.
    const isSameOrigin = agent?.member.origin === member.origin;
    if (!isSameOrigin) agent?.connections.close();
    const connections =
      isSameOrigin && agent !== undefined
        ? agent.connections
        : new Connections(member.origin, this.#lookup);
    this.#agents.set(member.id, { member, connections });
    return connections;
  }
}

const isCallers = ({ id }: Member): boolean => id.startsWith(`${CALLER} `);

function payload(body: OutgoingBody, exchange: Exchange): Buffer | Readable | null {
  if (body.kind === 'none') return null;
  if (body.kind === 'bytes') return body.bytes;
  const { head, rest } = body;
  return Readable.from(
    (async function* () {
      yield* head;
      exchange.isWaitingForClient = true;
      for await (const bytes of rest) {
        exchange.isWaitingForClient = false;
        exchange.noteSent();
        yield bytes;
        exchange.isWaitingForClient = true;
      }
      exchange.isWaitingForClient = false;
    })(),
    { objectMode: false },
  );
}
