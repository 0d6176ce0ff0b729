import type { Socket } from 'node:net';

/** Where a request came in: the number of its connection, and its own number on it. */
export interface Place {
  connection: number;
  /** 1 on a fresh connection. */
  ordinal: number;
}

/** Numbers connections by their first request, and the requests on each. */
export class Connections {
  readonly #places = new WeakMap<Socket, Place>();
  #count = 0;

  arrive(socket: Socket): Place {
    const last = this.#places.get(socket);
    const connection = last?.connection ?? (this.#count += 1);
    const place = { connection, ordinal: (last?.ordinal ?? 0) + 1 };
    this.#places.set(socket, place);
    return place;
  }
}
