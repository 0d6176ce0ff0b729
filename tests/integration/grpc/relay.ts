import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';

/** A line to a server that can be cut. */
export interface Relay extends AsyncDisposable {
  /** Host and port, to be connected to instead. */
  address: string;
  /** Cuts what is connected; what connects from then on is served. */
  cut(): void;
  /** Leads what connects from then on elsewhere. */
  lead(target: string): void;
  /** The same as `cut` once the server has sent more than that to one of them, which does not get the rest. */
  cutAfter(bytes: number): void;
}

export async function startRelay(target: string): Promise<Relay> {
  let there = target;
  const sockets = new Set<Socket>();
  let bytesMax = Number.POSITIVE_INFINITY;
  const cut = () => {
    bytesMax = Number.POSITIVE_INFINITY;
    for (const socket of sockets) socket.destroy();
  };
  const listener = createServer((client) => {
    const { hostname, port } = new URL(`tcp://${there}`);
    const server = connect(Number(port), hostname);
    let bytes = 0;
    server.on('data', (chunk) => {
      bytes += chunk.length;
      if (bytes > bytesMax) cut();
      else client.write(chunk);
    });
    client.pipe(server);
    for (const [socket, other] of [
      [client, server],
      [server, client],
    ] as const) {
      sockets.add(socket);
      socket.on('error', () => socket.destroy());
      socket.on('close', () => {
        sockets.delete(socket);
        other.destroy();
      });
    }
  });
  listener.listen(0, '127.0.0.1');
  await once(listener, 'listening');
  return {
    address: `127.0.0.1:${(listener.address() as AddressInfo).port}`,
    cut,
    lead(elsewhere) {
      there = elsewhere;
    },
    cutAfter(bytes) {
      bytesMax = bytes;
    },
    async [Symbol.asyncDispose]() {
      const closed = once(listener, 'close');
      listener.close();
      cut();
      await closed;
    },
  };
}
