import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';

/** A line to a server that can be cut. */
export interface Relay extends AsyncDisposable {
  /** Host and port, to be connected to instead. */
  address: string;
  /** Cuts what is connected; what connects from then on is served. */
  cut(): void;
  /** The same once the server has sent more than that to one of them, which does not get the rest. */
  cutAfter(bytes: number): void;
}

export async function startRelay(target: string): Promise<Relay> {
  const { hostname, port } = new URL(`tcp://${target}`);
  const sockets = new Set<Socket>();
  let bytesMax = Number.POSITIVE_INFINITY;
  const cut = () => {
    bytesMax = Number.POSITIVE_INFINITY;
    for (const socket of sockets) socket.destroy();
  };
  const server = createServer((client) => {
    const there = connect(Number(port), hostname);
    let bytes = 0;
    there.on('data', (chunk) => {
      bytes += chunk.length;
      if (bytes > bytesMax) cut();
      else client.write(chunk);
    });
    client.pipe(there);
    for (const [socket, other] of [
      [client, there],
      [there, client],
    ] as const) {
      sockets.add(socket);
      socket.on('error', () => socket.destroy());
      socket.on('close', () => {
        sockets.delete(socket);
        other.destroy();
      });
    }
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    address: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    cut,
    cutAfter(bytes) {
      bytesMax = bytes;
    },
    async [Symbol.asyncDispose]() {
      const closed = once(server, 'close');
      server.close();
      cut();
      await closed;
    },
  };
}
