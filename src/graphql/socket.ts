import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { handleProtocols } from 'graphql-ws';
import type { Server } from 'graphql-ws';
import { WebSocketServer } from 'ws';
import type { WebSocket } from 'ws';
import type { Upgrades } from '../edge/server.ts';
import { GatewayError } from '../errors/gateway-error.ts';
import { ENDINGS } from './live-connections.ts';
import type { LiveConnections } from './live-connections.ts';
import type { LiveParts } from './live-operation.ts';
import { socketProtocol } from './socket-protocol.ts';
import { SocketSession } from './socket-session.ts';

const MESSAGE_BYTES_MAX = 64 * 1024;

/**
 * GraphQL over WebSocket (graphql-transport-ws) on the path that queries use: for subscriptions, and
 * for queries of those who have a socket anyway. Limits and codes are those of trust §3.
 */
export class GraphqlSockets implements Upgrades {
  readonly #parts: LiveParts;
  readonly #path: string;
  readonly #connections: LiveConnections;
  readonly #protocol: Server<SocketSession>;
  readonly #server = new WebSocketServer({
    noServer: true,
    clientTracking: false,
    maxPayload: MESSAGE_BYTES_MAX,
    perMessageDeflate: false,
    // A peer that only pings and never reads must not fill our memory with answers.
    autoPong: false,
    handleProtocols,
  });

  constructor(parts: LiveParts, path: string, connections: LiveConnections) {
    this.#parts = parts;
    this.#path = path;
    this.#connections = connections;
    this.#protocol = socketProtocol(parts, connections);
  }

  isFor({ method, url = '', headers }: IncomingMessage): boolean {
    const [path] = url.split('?');
    return method === 'GET' && path === this.#path && isWebSocket(headers.upgrade);
  }

  /** @throws GatewayError for who may not have one */
  take(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    assertSameOrigin(request);
    this.#connections.assertRoom();
    this.#server.handleUpgrade(request, socket, head, (ws) =>
      this.#open(ws, request.headers.authorization),
    );
  }

  #open(ws: WebSocket, authorization: string | undefined): void {
    const { clock, logger } = this.#parts;
    const session = new SocketSession(ws, authorization, clock);
    this.#connections.add(session);
    ws.once('close', () => this.#connections.delete(session));
    const failed = (error: unknown) => {
      logger.error({ err: error }, 'socket failed');
      session.end(ENDINGS.failed);
    };
    const closed = this.#protocol.opened(
      {
        protocol: session.protocol,
        send: (text) => session.send(text),
        close: (code = ENDINGS.failed.code, reason = '') => session.end({ code, reason }),
        onMessage: (run) => session.onMessage(run, failed),
      },
      session,
    );
    session.onEnd(({ code, reason }) => void closed(code, reason).catch(failed));
  }
}

const isWebSocket = (upgrade: string | undefined): boolean =>
  upgrade?.toLowerCase() === 'websocket';

/** Pages of other sites may not use what a browser knows of us; programs name no origin. */
function assertSameOrigin({ headers: { origin, host } }: IncomingMessage): void {
  if (origin === undefined) return;
  const named = URL.canParse(origin) ? new URL(origin).host : null;
  if (named !== null && named === host?.toLowerCase()) return;
  throw new GatewayError('permission_denied', 'Sockets are for pages of this host.', {
    param: 'origin',
  });
}
