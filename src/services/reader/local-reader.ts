import { GatewayError } from '../../errors/gateway-error.ts';
import { ReadConnection } from './read-connection.ts';
import type { Reader, Value } from './reader.ts';

/** Reads in this thread, as long as it takes: for commands, which serve nobody meanwhile. */
export function localReader(file: string): Reader {
  let connection: ReadConnection | undefined;
  let isClosed = false;
  return {
    async rows<T>(sql: string, values: readonly Value[] = []) {
      if (isClosed) throw new GatewayError('draining', 'The reader is closed.');
      connection ??= new ReadConnection(file);
      return connection.read(sql, values) as T[];
    },
    async close() {
      isClosed = true;
      connection?.close();
    },
  };
}
